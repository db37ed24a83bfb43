/**
 * The resources beside the definition, as plain data.
 *
 * Constructs write them as Terraform, `npm start` through the AWS SDK; names and permissions stand here only.
 */

import { workflowDefinition } from "./definition";
import { allow, allowKey, type PolicyStatement } from "./iam";
import { baseName, evaluationFunctionName, type NameScope } from "./names";
import { prefixes, type Workflow, type WorkflowReferences, type WorkflowSettings } from "./settings";

/** The key, under `code/`, of a folder's tar.gz: it changes with the folder's content. */
export function codeKey(folder: string, contentHash: string): string {
  const name = folder.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");
  return `${prefixes.code}${name}-${contentHash}.tar.gz`;
}

/** Tags of everything that is deployed. */
export function resourceTags(scope: NameScope): Record<string, string> {
  return { workflow: baseName(scope), environment: scope.environment };
}

/** Days to keep logs, unless the environment says otherwise. */
export const defaultLogRetentionInDays = 30;

/** How long the artifact bucket keeps what nobody asks for any more. */
export const artifactBucketDefaults = {
  noncurrentVersionDays: 90,
  unfinishedUploadDays: 7,
} as const;

/** The bucket's name starts with this; what follows makes it unique in the world. */
export function bucketNamePrefix(scope: NameScope): string {
  return `${baseName(scope)}-`;
}

/** Refuses every request that does not come over TLS. */
export function tlsOnlyPolicy(bucketArn: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "DenyPlainHttp",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, `${bucketArn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}

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
  references: Omit<WorkflowReferences, "sageMakerRoleArn" | "evaluationFunctionVersionArn">,
): RoleDescription {
  const { partition, region, account, bucketName, dataBucketName, imageRepositoryArn } = references;
  const object = (bucket: string, keys: string) => `arn:${partition}:s3:::${bucket}/${keys}`;
  const written = [prefixes.processedData, prefixes.modelArtifacts].map((p) => object(bucketName, `${p}*`));
  const buckets = [...new Set([bucketName, dataBucketName])].map((name) => `arn:${partition}:s3:::${name}`);
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
          ...written,
        ],
      ),
      allow(["s3:PutObject", "s3:AbortMultipartUpload"], written),
      allow(["s3:ListBucket"], buckets),
      ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]),
      // The role's page grants these on every log group: SageMaker's own start with /aws/sagemaker/.
      // https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
      allow(
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        [`arn:${partition}:logs:${region}:${account}:log-group:/aws/sagemaker/*`],
      ),
      allow(["cloudwatch:PutMetricData"], ["*"], {
        conditions: { StringLike: { "cloudwatch:namespace": ["*sagemaker*", "*SageMaker*"] } },
        reason: "the action has no resource type; the namespace is what can be narrowed",
      }),
      allow(["ecr:GetAuthorizationToken"], ["*"], { reason: "the action has no resource type" }),
      allow(
        ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
        [imageRepositoryArn],
      ),
    ],
  };
}

/** The state machine: its definition, its role's permissions, its log. */
export function workflowStateMachine(workflow: Workflow) {
  const { settings } = workflow;
  const { definition, policyStatements } = workflowDefinition(workflow);
  const name = baseName(settings);
  const role: RoleDescription = {
    namePrefix: `${name}-states-`,
    description: "What the state machine of the workflow may call",
    service: "states.amazonaws.com",
    policyStatements: [
      ...policyStatements,
      // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
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
        { reason: "log deliveries have no resource type" },
      ),
      // https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
      allow(
        [
          "xray:PutTraceSegments",
          "xray:PutTelemetryRecords",
          "xray:GetSamplingRules",
          "xray:GetSamplingTargets",
        ],
        ["*"],
        { reason: "the actions have no resource type" },
      ),
    ],
  };
  return {
    name,
    // Not Terraform's jsonencode: it sorts the keys and escapes & < >, which no person can read.
    definition: JSON.stringify(definition, null, 2),
    role,
    // The prefix keeps the log's resource policy from growing with every state machine.
    logGroupName: `/aws/vendedlogs/states/${name}`,
    // Execution data could hold what nobody should read in a log.
    logging: { level: "ALL", includeExecutionData: false },
  } as const;
}

/** The evaluation function: AWS Lambda's settings and its role's permissions. */
export function evaluationFunction(
  scope: NameScope,
  references: Pick<WorkflowReferences, "partition" | "region" | "account" | "bucketName" | "kmsKeyArn">,
) {
  const name = evaluationFunctionName(scope);
  const logGroupName = `/aws/lambda/${name}`;
  const { partition, region, account, bucketName } = references;
  const artifacts = `arn:${partition}:s3:::${bucketName}/${prefixes.modelArtifacts}*`;
  const role: RoleDescription = {
    namePrefix: `${baseName(scope)}-evaluate-`,
    description: "What the evaluation function of the workflow may do",
    service: "lambda.amazonaws.com",
    policyStatements: [
      allow(["s3:GetObject"], [`${artifacts}/output/output.tar.gz`]),
      allow(["s3:PutObject"], [`${artifacts}/output/evaluation.json`]),
      // Without it S3 answers a missing object with 403, and the function could not name what is missing.
      allow(["s3:ListBucket"], [`arn:${partition}:s3:::${bucketName}`]),
      ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
      allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [`arn:${partition}:logs:${region}:${account}:log-group:${logGroupName}:*`],
      ),
    ],
  };
  return {
    name,
    logGroupName,
    role,
    folder: "lambda-src/evaluate-model",
    runtime: "python3.11",
    handler: "evaluate_model.lambda_handler",
    timeoutSeconds: 60,
    memorySizeInMB: 256,
  } as const;
}
