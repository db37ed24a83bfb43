/** The roles of the workflow, and what each may do. The state machine's permissions come from its steps. */

import { experimentControllerName } from "./experiments";
import { hasGuardrails, rollbackAlarmNames } from "./guardrails";
import { allow, allowKey, type PolicyStatement } from "./iam";
import { baseName, type NameScope } from "./names";
import { prefixes, type WorkflowReferences, type WorkflowSettings } from "./settings";

/** An execution role: who assumes it, and what it may do. */
export interface RoleDescription {
  /** A role's name starts with this, at most 38 characters. */
  readonly namePrefix: string;
  readonly description: string;
  /** The service that assumes the role. */
  readonly service: string;
  readonly policyStatements: readonly PolicyStatement[];
}

/** What processing jobs, training jobs and the model server may do. */
export function sageMakerRole(
  settings: WorkflowSettings,
  references: Omit<
    WorkflowReferences,
    "sageMakerRoleArn" | "evaluationFunctionVersionArn" | "smokeTestFunctionVersionArn"
  >,
): RoleDescription {
  const { partition, region, account, bucketName, dataBucketName, imageRepositoryArn } = references;
  const object = (bucket: string, keys: string) => `arn:${partition}:s3:::${bucket}/${keys}`;
  const written = [prefixes.processedData, prefixes.modelArtifacts].map((p) => object(bucketName, `${p}*`));
  // Batch scoring runs as the model's role.
  const scored = { input: `${prefixes.scoringInput}*`, output: `${prefixes.scoringOutput}*` };
  const buckets = [...new Set([bucketName, dataBucketName])].map((name) => `arn:${partition}:s3:::${name}`);
  const page = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html";
  return {
    namePrefix: `${baseName(settings)}-sagemaker-`,
    description: "What the jobs and the endpoint of the workflow run as",
    service: "sagemaker.amazonaws.com",
    policyStatements: [
      allow(
        ["s3:GetObject"],
        [
          object(dataBucketName, `${settings.dataPrefix}*`),
          object(bucketName, `${prefixes.executionCode}*`),
          object(bucketName, scored.input),
          ...written,
        ],
      ),
      allow(["s3:PutObject"], [...written, object(bucketName, scored.output)]),
      allow(["s3:ListBucket"], buckets),
      ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
      // The page grants these on every log group: SageMaker's own start with /aws/sagemaker/.
      allow(
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        [`arn:${partition}:logs:${region}:${account}:log-group:/aws/sagemaker/*`],
        { page },
      ),
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
      // An update with guardrails looks at its alarms as the role of the model that serves.
      // https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
      ...(hasGuardrails(settings)
        ? [
            allow(
              ["cloudwatch:DescribeAlarms"],
              rollbackAlarmNames(settings).map(
                (name) => `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`,
              ),
            ),
          ]
        : []),
      ...(settings.vpc === undefined ? [] : [networkInterfaces(page)]),
    ],
  };
}

/** SageMaker puts network interfaces of its own into the subnets. */
function networkInterfaces(page: string): PolicyStatement {
  return allow(
    [
      "ec2:CreateNetworkInterface",
      "ec2:CreateNetworkInterfacePermission",
      "ec2:DeleteNetworkInterface",
      "ec2:DeleteNetworkInterfacePermission",
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ],
    ["*"],
    { reason: "the page names no narrower resource: the interfaces' ids are not known before", page },
  );
}

/** What the state machine of the workflow may call. */
export function stateMachineRole(
  scope: NameScope,
  policyStatements: readonly PolicyStatement[],
): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-states-`,
    description: "What the state machine of the workflow may call",
    service: "states.amazonaws.com",
    policyStatements: [...policyStatements, ...logsAndTraces],
  };
}

/** What the state machine of releases may call. */
export function releaseRole(scope: NameScope, policyStatements: readonly PolicyStatement[]): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-release-`,
    description: "What the state machine of releases may call",
    service: "states.amazonaws.com",
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

/** What the schedule may do: start executions of this state machine. */
export function scheduleRole(scope: NameScope, stateMachineArn: string): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-schedule-`,
    description: "What the schedule of the workflow may start",
    service: "scheduler.amazonaws.com",
    policyStatements: [allow(["states:StartExecution"], [stateMachineArn])],
  };
}

/** What the rule may do that hears of approvals: start a release. */
export function approvalRole(scope: NameScope, releaseStateMachineArn: string): RoleDescription {
  return {
    namePrefix: `${baseName(scope)}-approved-`,
    description: "What an approval of a version may start",
    service: "events.amazonaws.com",
    policyStatements: [allow(["states:StartExecution"], [releaseStateMachineArn])],
  };
}

/** What the schedule of an A/B test may do: let the controller look. */
export function experimentScheduleRole(
  scope: NameScope,
  references: Pick<WorkflowReferences, "partition" | "region" | "account" | "kmsKeyArn">,
): RoleDescription {
  const { partition, region, account, kmsKeyArn } = references;
  const controller = `arn:${partition}:lambda:${region}:${account}:function:${experimentControllerName(scope)}`;
  return {
    namePrefix: experimentScheduleRolePrefix(scope),
    description: "What the schedule of an A/B test may start",
    service: "scheduler.amazonaws.com",
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
