/** The roles of the workflow and their permissions. The state machine's permissions come from its steps. */

import { arn, bucketArn, objectArn, type Place, type StateMachineArns, stateMachineArns } from "./arns";
import { hasGuardrails, rollbackAlarmNames } from "./endpoint/guardrails";
import { captureOf } from "./endpoint/kinds";
import { experimentControllerName, experimentGroupName } from "./experiments";
import { allow, allowKey, type PolicyStatement, type Trusted } from "./iam";
import type { StepJobKind } from "./job-kinds";
import { approvalRuleName, baseName, type NameScope } from "./names";
import { logs, networkInterfaces, page } from "./platform-permissions";
import { modelKeys, prefixes } from "./prefixes";
import type { SageMakerRoles, WorkflowReferences, WorkflowSettings } from "./settings";

/** An execution role: its trust policy and permissions. */
export interface RoleDescription extends Trusted {
  /** Prefix of the role's name, at most 38 characters. */
  readonly namePrefix: string;
  readonly description: string;
  readonly policyStatements: readonly PolicyStatement[];
}

/** The resources in the roles' permissions. */
export type RoleReferences = Omit<
  WorkflowReferences,
  | "roleArns"
  | "evaluationFunctionVersionArn"
  | "smokeTestFunctionVersionArn"
  | "resultsCacheFunctionVersionArn"
>;

/**
 * The roles that SageMaker assumes. Each may read and write only what its step needs, so that neither a compromised job
 * nor a compromised endpoint can change a model.
 */
export function sageMakerRoles(
  settings: WorkflowSettings,
  references: RoleReferences,
): SageMakerRoles<RoleDescription> {
  return {
    prep: preprocessingRole(settings, references),
    train: trainingRole(settings, references),
    compare: settings.comparison && comparisonRole(settings, references),
    monitor: settings.monitor && monitorJobRole(settings, references),
    serving: servingRole(settings, references),
  };
}

function preprocessingRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  const { dataBucketName } = references;
  return sageMakerRole(settings, references, {
    kind: "prep",
    description: "Role of the workflow's processing jobs",
    reads: [
      objects(references, `${settings.dataPrefix}*`, dataBucketName),
      objects(references, `${prefixes.executionCode}*`),
    ],
    writes: [objects(references, `${prefixes.processedData}*`)],
    buckets: [references.bucketName, dataBucketName],
  });
}

function trainingRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  const checkpoints = settings.training.checkpoints ? [objects(references, `${prefixes.checkpoints}*`)] : [];
  return sageMakerRole(settings, references, {
    kind: "train",
    description: "Role of the workflow's training jobs",
    reads: [
      objects(references, `${prefixes.processedData}*`),
      objects(references, `${prefixes.executionCode}*`),
      ...checkpoints,
    ],
    writes: [objects(references, `${prefixes.trainingOutput}*`), ...checkpoints],
    buckets: [references.bucketName],
    // SageMaker deletes in S3 what the script deletes.
    more: checkpoints.length === 0 ? [] : [allow(["s3:DeleteObject"], checkpoints)],
  });
}

function comparisonRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  return sageMakerRole(settings, references, {
    kind: "compare",
    description: "Role of the workflow's comparison jobs",
    reads: [
      objects(references, modelKeys),
      objects(references, `${prefixes.processedData}*`),
      objects(references, `${prefixes.executionCode}*`),
    ],
    writes: [objects(references, `${prefixes.modelArtifacts}*/comparison/*`)],
    buckets: [references.bucketName],
  });
}

function monitorJobRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  return sageMakerRole(settings, references, {
    kind: "monitor",
    description: "Role of the monitor's jobs",
    reads: [
      objects(references, modelKeys),
      ...capturedObjects(settings).map((keys) => objects(references, keys)),
      objects(references, `${prefixes.labels}*`),
      objects(references, `${prefixes.latestReports}*`),
      objects(references, `${prefixes.executionCode}*`),
    ],
    writes: [objects(references, `${prefixes.monitorReports}*`)],
    buckets: [references.bucketName],
  });
}

/** The pattern of the keys of captured requests; none if the endpoint captures nothing. */
function capturedObjects({ endpoint }: WorkflowSettings): string[] {
  const capture = captureOf(endpoint);
  return capture === undefined ? [] : [`${capture.prefix}*`];
}

/** The role of endpoints, and of batch scoring, which uses the role of its model. */
function servingRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  return sageMakerRole(settings, references, {
    // Existing models refer to the role by name.
    kind: "sagemaker",
    description: "Role of the workflow's endpoint and batch scoring",
    reads: [
      objects(references, `${prefixes.modelArtifacts}*`),
      objects(references, `${prefixes.scoringInput}*`),
    ],
    writes: [
      objects(references, `${prefixes.scoringOutput}*`),
      ...capturedObjects(settings).map((keys) => objects(references, keys)),
    ],
    buckets: [references.bucketName],
    // An update with guardrails reads its alarms with the role of the model in service.
    // https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    more: hasGuardrails(settings)
      ? [
          allow(
            ["cloudwatch:DescribeAlarms"],
            rollbackAlarmNames(settings).map((name) => arn(references, "cloudwatch", `alarm:${name}`)),
          ),
        ]
      : [],
  });
}

/** The access that a job or the endpoint needs. */
interface SageMakerWork {
  /** Part of the role's name. */
  readonly kind: StepJobKind | "sagemaker";
  readonly description: string;
  /** ARNs of objects. */
  readonly reads: readonly string[];
  /** ARNs of objects. */
  readonly writes: readonly string[];
  /** Names of the buckets to list. */
  readonly buckets: readonly string[];
  readonly more?: readonly PolicyStatement[];
}

function sageMakerRole(
  settings: WorkflowSettings,
  references: RoleReferences,
  { kind, description, reads, writes, buckets, more = [] }: SageMakerWork,
): RoleDescription {
  const { imageRepositoryArn } = references;
  return {
    namePrefix: `${baseName(settings)}-${kind}-`,
    description,
    service: "sagemaker.amazonaws.com",
    policyStatements: [
      allow(["s3:GetObject"], reads),
      allow(["s3:PutObject"], writes),
      allow(
        ["s3:ListBucket"],
        [...new Set(buckets)].map((name) => bucketArn(references, name)),
      ),
      ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
      ...logs(settings, references),
      allow(["cloudwatch:PutMetricData"], ["*"], {
        conditions: { StringLike: { "cloudwatch:namespace": ["*sagemaker*", "*SageMaker*"] } },
        reason: "the action has no resource type; the namespace is what can be narrowed",
        page,
      }),
      allow(["ecr:GetAuthorizationToken"], ["*"], { reason: "the action has no resource type", page }),
      allow(
        ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
        [imageRepositoryArn],
        { page },
      ),
      ...more,
      ...(settings.vpc === undefined ? [] : networkInterfaces(settings.vpc, references)),
    ],
  };
}

/** The ARN of objects, by default in the artifact bucket. */
function objects(references: RoleReferences, keys: string, bucket = references.bucketName): string {
  return objectArn(references, bucket, keys);
}

/** Makes the role of one of the state machines, with its own permissions. */
function machineRole(machine: keyof StateMachineArns, kind: string, description: string) {
  return (scope: NameScope, place: Place, policyStatements: readonly PolicyStatement[]): RoleDescription => ({
    namePrefix: `${baseName(scope)}-${kind}-`,
    description,
    service: "states.amazonaws.com",
    // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    sourceArn: stateMachineArns(scope, place)[machine],
    policyStatements: [...policyStatements, ...logsAndTraces],
  });
}

export const stateMachineRole = machineRole("workflow", "states", "Role of the workflow's state machine");
export const releaseRole = machineRole("release", "release", "Role of the release state machine");
export const monitorRole = machineRole("monitor", "watch", "Role of the monitor's state machine");
export const retrainRole = machineRole(
  "retrain",
  "retrain",
  "Role of the state machine that decides on retrainings",
);

/** Permissions with which Step Functions writes logs and traces. */
const logsAndTraces: readonly PolicyStatement[] = [
  allow(
    [
      "logs:CreateLogDelivery",
      "logs:GetLogDelivery",
      "logs:UpdateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:DescribeResourcePolicies",
      "logs:DescribeLogGroups",
    ],
    ["*"],
    {
      reason: "log deliveries have no resource type",
      page: "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
    },
  ),
  allow(
    ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
    ["*"],
    {
      reason: "the actions have no resource type",
      page: "https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html",
    },
  ),
];

/**
 * EventBridge Scheduler acts for a group, never for a schedule in it.
 *
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
function scheduleGroupArn(group: string, place: Place): string {
  return arn(place, "scheduler", `schedule-group/${group}`);
}

/** The role of the schedule, which may start executions of this state machine. */
export function scheduleRole(scope: NameScope, place: Place, stateMachineArn: string): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-schedule-`,
    description: "Role of the workflow's schedule",
    service: "scheduler.amazonaws.com",
    sourceArn: scheduleGroupArn("default", place),
    policyStatements: [allow(["states:StartExecution"], [stateMachineArn])],
  };
}

/** The role of the approval rule, which may start a release. */
export function approvalRole(
  scope: NameScope,
  place: Place,
  releaseStateMachineArn: string,
): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-approved-`,
    description: "Role of the rule that releases approved versions",
    service: "events.amazonaws.com",
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
    sourceArn: arn(place, "events", `rule/${approvalRuleName(scope)}`),
    policyStatements: [allow(["states:StartExecution"], [releaseStateMachineArn])],
  };
}

/** The role of an A/B test's schedule, which may invoke the controller. */
export function experimentScheduleRole(
  scope: NameScope,
  references: Place & Pick<WorkflowReferences, "kmsKeyArn">,
): RoleDescription {
  const { kmsKeyArn } = references;
  const controller = arn(references, "lambda", `function:${experimentControllerName(scope)}`);
  return {
    namePrefix: experimentScheduleRolePrefix(scope),
    description: "Role of the schedule of an A/B test",
    service: "scheduler.amazonaws.com",
    sourceArn: scheduleGroupArn(experimentGroupName(baseName(scope)), references),
    policyStatements: [
      allow(["lambda:InvokeFunction"], [controller]),
      // The schedule's input is encrypted with the key, and this role reads it.
      ...(kmsKeyArn === undefined
        ? []
        : [
            allow(["kms:Decrypt"], [kmsKeyArn], {
              page: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html",
            }),
          ]),
    ],
  };
}

/** The prefix of the role's name. */
export function experimentScheduleRolePrefix(scope: NameScope): string {
  return `${baseName(scope)}-look-`;
}
