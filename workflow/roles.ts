/** The roles of the workflow, and what each may do. The state machine's permissions come from its steps. */

import { arn, bucketArn, objectArn, type Place, stateMachineArns } from "./arns";
import { hasGuardrails, rollbackAlarmNames } from "./endpoint/guardrails";
import { experimentControllerName, experimentGroupName } from "./experiments";
import { allow, allowKey, type PolicyStatement, type Trusted } from "./iam";
import type { StepJobKind } from "./job-kinds";
import { approvalRuleName, baseName, type NameScope } from "./names";
import { logs, networkInterfaces, page } from "./platform-permissions";
import {
  modelKeys,
  prefixes,
  type SageMakerRoles,
  type WorkflowReferences,
  type WorkflowSettings,
} from "./settings";

/** An execution role: who assumes it, and what it may do. */
export interface RoleDescription extends Trusted {
  /** A role's name starts with this, at most 38 characters. */
  readonly namePrefix: string;
  readonly description: string;
  readonly policyStatements: readonly PolicyStatement[];
}

/** What the roles' permissions name. */
export type RoleReferences = Omit<
  WorkflowReferences,
  "roleArns" | "evaluationFunctionVersionArn" | "smokeTestFunctionVersionArn"
>;

/**
 * The roles that SageMaker assumes. Each reads what its work needs and writes where its step must, and no other place: a
 * job that was taken over can change no model, nor can an endpoint.
 */
export function sageMakerRoles(
  settings: WorkflowSettings,
  references: RoleReferences,
): SageMakerRoles<RoleDescription> {
  return {
    prep: preprocessingRole(settings, references),
    train: trainingRole(settings, references),
    compare: settings.comparison && comparisonRole(settings, references),
    serving: servingRole(settings, references),
  };
}

function preprocessingRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  const { dataBucketName } = references;
  return sageMakerRole(settings, references, {
    kind: "prep",
    description: "What processing jobs of the workflow run as",
    reads: [
      objects(references, `${settings.dataPrefix}*`, dataBucketName),
      objects(references, `${prefixes.executionCode}*`),
    ],
    writes: [objects(references, `${prefixes.processedData}*`)],
    buckets: [references.bucketName, dataBucketName],
  });
}

function trainingRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  return sageMakerRole(settings, references, {
    kind: "train",
    description: "What training jobs of the workflow run as",
    reads: [
      objects(references, `${prefixes.processedData}*`),
      objects(references, `${prefixes.executionCode}*`),
    ],
    writes: [objects(references, `${prefixes.trainingOutput}*`)],
    buckets: [references.bucketName],
  });
}

function comparisonRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  return sageMakerRole(settings, references, {
    kind: "compare",
    description: "What comparison jobs of the workflow run as",
    reads: [
      objects(references, modelKeys),
      objects(references, `${prefixes.processedData}*`),
      objects(references, `${prefixes.executionCode}*`),
    ],
    writes: [objects(references, `${prefixes.modelArtifacts}*/comparison/*`)],
    buckets: [references.bucketName],
  });
}

/** What serves: endpoints, and batch scoring, which runs as the role of its model. */
function servingRole(settings: WorkflowSettings, references: RoleReferences): RoleDescription {
  return sageMakerRole(settings, references, {
    // Models that exist hold the role by its name.
    kind: "sagemaker",
    description: "What the endpoint and batch scoring of the workflow run as",
    reads: [
      objects(references, `${prefixes.modelArtifacts}*`),
      objects(references, `${prefixes.scoringInput}*`),
    ],
    writes: [objects(references, `${prefixes.scoringOutput}*`)],
    buckets: [references.bucketName],
    // An update with guardrails looks at its alarms as the role of the model that serves.
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

/** What one kind of SageMaker's work needs. */
interface SageMakerWork {
  /** Part of the role's name. */
  readonly kind: StepJobKind | "sagemaker";
  readonly description: string;
  /** ARNs of objects. */
  readonly reads: readonly string[];
  /** ARNs of objects. */
  readonly writes: readonly string[];
  /** Names of the buckets that are listed. */
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

/** The ARN of objects, in the artifact bucket unless another is named. */
function objects(references: RoleReferences, keys: string, bucket = references.bucketName): string {
  return objectArn(references, bucket, keys);
}

/** What the state machine of the workflow may call. */
export function stateMachineRole(
  scope: NameScope,
  place: Place,
  policyStatements: readonly PolicyStatement[],
): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-states-`,
    description: "What the state machine of the workflow may call",
    service: "states.amazonaws.com",
    // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    sourceArn: stateMachineArns(scope, place).workflow,
    policyStatements: [...policyStatements, ...logsAndTraces],
  };
}

/** What the state machine of releases may call. */
export function releaseRole(
  scope: NameScope,
  place: Place,
  policyStatements: readonly PolicyStatement[],
): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-release-`,
    description: "What the state machine of releases may call",
    service: "states.amazonaws.com",
    sourceArn: stateMachineArns(scope, place).release,
    policyStatements: [...policyStatements, ...logsAndTraces],
  };
}

/** What Step Functions writes logs and traces with. */
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
 * What EventBridge Scheduler acts for is a group, and never a schedule of it.
 *
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
function scheduleGroupArn(group: string, place: Place): string {
  return arn(place, "scheduler", `schedule-group/${group}`);
}

/** What the schedule may do: start executions of this state machine. */
export function scheduleRole(scope: NameScope, place: Place, stateMachineArn: string): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-schedule-`,
    description: "What the schedule of the workflow may start",
    service: "scheduler.amazonaws.com",
    sourceArn: scheduleGroupArn("default", place),
    policyStatements: [allow(["states:StartExecution"], [stateMachineArn])],
  };
}

/** What the rule may do that hears of approvals: start a release. */
export function approvalRole(
  scope: NameScope,
  place: Place,
  releaseStateMachineArn: string,
): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-approved-`,
    description: "What an approval of a version may start",
    service: "events.amazonaws.com",
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
    sourceArn: arn(place, "events", `rule/${approvalRuleName(scope)}`),
    policyStatements: [allow(["states:StartExecution"], [releaseStateMachineArn])],
  };
}

/** What the schedule of an A/B test may do: let the controller look. */
export function experimentScheduleRole(
  scope: NameScope,
  references: Place & Pick<WorkflowReferences, "kmsKeyArn">,
): RoleDescription {
  const { kmsKeyArn } = references;
  const controller = arn(references, "lambda", `function:${experimentControllerName(scope)}`);
  return {
    namePrefix: experimentScheduleRolePrefix(scope),
    description: "What the schedule of an A/B test may start",
    service: "scheduler.amazonaws.com",
    sourceArn: scheduleGroupArn(experimentGroupName(baseName(scope)), references),
    policyStatements: [
      allow(["lambda:InvokeFunction"], [controller]),
      // The schedule's input is encrypted with the key, and read as this role.
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

/** The name of the role above starts with this. */
export function experimentScheduleRolePrefix(scope: NameScope): string {
  return `${baseName(scope)}-look-`;
}
