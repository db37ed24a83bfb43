/** The Lambda functions of the workflow as plain data: their settings and permissions. */

import { arn, bucketArn, objectArn, type Place } from "./arns";
import { experimentControllerName, experimentEventSource } from "./experiments";
import { allow, allowKey, type PolicyStatement } from "./iam";
import {
  baseName,
  evaluationFunctionName,
  type NameScope,
  resultsCacheFunctionName,
  smokeTestFunctionName,
} from "./names";
import { prefixes } from "./prefixes";
import type { RoleDescription } from "./roles";
import type { WorkflowReferences, WorkflowSettings } from "./settings";
import { ownerTag } from "./step";

/** A Lambda function: its code, its settings, and its role's permissions. */
export interface FunctionDescription {
  readonly name: string;
  readonly description: string;
  readonly logGroupName: string;
  readonly role: RoleDescription;
  /** Folder of the code, relative to the project. */
  readonly folder: string;
  readonly runtime: "python3.11";
  /** `<file>.<function>` */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memorySizeInMB: number;
  /** Environment variables; no secrets. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The resources in a function's permissions. */
export type FunctionReferences = Pick<
  WorkflowReferences,
  "partition" | "region" | "account" | "bucketName" | "kmsKeyArn"
>;

/** Names of the functions that executions and A/B tests call. */
export function workflowFunctionNames(
  settings: WorkflowSettings,
  { experiments = false }: { readonly experiments?: boolean } = {},
): readonly string[] {
  return [
    evaluationFunctionName(settings),
    ...(settings.smokeTest === undefined ? [] : [smokeTestFunctionName(settings)]),
    ...(settings.cache === undefined ? [] : [resultsCacheFunctionName(settings)]),
    ...(experiments ? [experimentControllerName(settings)] : []),
  ];
}

/** Reads a training job's metrics and decides whether the model passes the gate. */
export function evaluationFunction(scope: NameScope, references: FunctionReferences): FunctionDescription {
  const { bucketName } = references;
  const objects = (keys: string) => objectArn(references, bucketName, keys);
  const name = evaluationFunctionName(scope);
  return {
    name,
    description: "Reads a training job's metrics and decides whether the model passes the gate",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${baseName(scope)}-evaluate-`,
      description: "Role of the workflow's evaluation function",
      service: "lambda.amazonaws.com",
      policyStatements: [
        allow(
          ["s3:GetObject"],
          [
            objects(`${prefixes.trainingOutput}*/output/output.tar.gz`),
            objects(`${prefixes.modelArtifacts}*/comparison/comparison.json`),
          ],
        ),
        allow(["s3:PutObject"], [objects(`${prefixes.modelArtifacts}*/output/evaluation.json`)]),
        // Without it S3 returns 403 for a missing object, and the function could not report what is missing.
        allow(["s3:ListBucket"], [bucketArn(references, bucketName)]),
        ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
        ...logAndTraces(name, references),
      ],
    },
    folder: "lambda-src/evaluate-model",
    runtime: "python3.11",
    handler: "evaluate_model.lambda_handler",
    timeoutSeconds: 60,
    memorySizeInMB: 256,
  };
}

/** Sends recorded examples to the endpoint and checks its predictions. */
export function smokeTestFunction(scope: NameScope, references: FunctionReferences): FunctionDescription {
  const base = baseName(scope);
  const name = smokeTestFunctionName(scope);
  return {
    name,
    description: "Sends recorded examples to the endpoint and checks its predictions",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${base}-smoke-`,
      description: "Role of the workflow's smoke test function",
      service: "lambda.amazonaws.com",
      policyStatements: [
        allow(
          ["sagemaker:InvokeEndpoint"],
          [base, `${base}-*`].map((endpoint) => arn(references, "sagemaker", `endpoint/${endpoint}`)),
        ),
        ...logAndTraces(name, references),
      ],
    },
    folder: "lambda-src/smoke-test",
    runtime: "python3.11",
    handler: "smoke_test.lambda_handler",
    // An endpoint has 60 s to respond, and five attempts.
    timeoutSeconds: 360,
    memorySizeInMB: 256,
  };
}

/** Finds results of earlier jobs, and records those of new ones: docs/cache.md. */
export function resultsCacheFunction(
  settings: Pick<WorkflowSettings, "prefix" | "environment" | "dataPrefix">,
  references: FunctionReferences & Pick<WorkflowReferences, "dataBucketName" | "imageRepositoryArn">,
): FunctionDescription {
  const { bucketName, dataBucketName, imageRepositoryArn } = references;
  const name = resultsCacheFunctionName(settings);
  const records = objectArn(references, bucketName, `${prefixes.cache}*`);
  const list = (bucket: string, ...keys: string[]) =>
    allow(["s3:ListBucket"], [bucketArn(references, bucket)], {
      conditions: { StringLike: { "s3:prefix": keys } },
    });
  return {
    name,
    description: "Finds the results of earlier jobs, and records those of new ones",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${baseName(settings)}-cache-`,
      description: "Role of the workflow's cache",
      service: "lambda.amazonaws.com",
      policyStatements: [
        // Lists have the ETags: no data and no model is read.
        list(dataBucketName, `${settings.dataPrefix}*`),
        list(
          bucketName,
          ...[prefixes.processedData, prefixes.trainingOutput, prefixes.cache].map((prefix) => `${prefix}*`),
        ),
        // No role of a job may write here, so that no job can name another's result.
        allow(["s3:GetObject", "s3:PutObject"], [records]),
        allow(["ecr:BatchGetImage"], [imageRepositoryArn]),
        ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
        ...logAndTraces(name, references),
      ],
    },
    folder: "lambda-src/results-cache",
    runtime: "python3.11",
    handler: "results_cache.lambda_handler",
    timeoutSeconds: 30,
    memorySizeInMB: 512,
    variables: {
      CACHE_PREFIX: prefixes.cache,
      PROCESSED_DATA_PREFIX: prefixes.processedData,
      TRAINING_OUTPUT_PREFIX: prefixes.trainingOutput,
    },
  };
}

/** Checks an A/B test, and promotes, holds or rolls back: docs/ab-tests.md. */
export function experimentController(
  scope: NameScope,
  references: FunctionReferences & { readonly topicArn?: string; readonly topicKeyArn?: string },
): FunctionDescription {
  const { bucketName, kmsKeyArn, topicArn, topicKeyArn } = references;
  const name = experimentControllerName(scope);
  const base = baseName(scope);
  const bucket = bucketArn(references, bucketName);
  const endpoint = arn(references, "sagemaker", `endpoint/${base}`);
  const configs = arn(references, "sagemaker", `endpoint-config/${base}-config-*`);
  const [rewards, experiments] = [`${prefixes.rewards}*`, `${prefixes.experiments}*`];
  return {
    name,
    description: "Checks an A/B test, and promotes, holds or rolls back",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${base}-control-`,
      description: "Role of the controller of A/B tests",
      service: "lambda.amazonaws.com",
      policyStatements: [
        allow(["sagemaker:DescribeEndpoint"], [endpoint]),
        allow(["sagemaker:UpdateEndpointWeightsAndCapacities"], [endpoint], {
          conditions: { StringEquals: { [`aws:ResourceTag/${ownerTag}`]: base } },
        }),
        allow(["sagemaker:DescribeEndpointConfig"], [configs]),
        allow(["cloudwatch:GetMetricData"], ["*"], { reason: "the action has no resource type" }),
        allow(["s3:GetObject"], [`${bucket}/${rewards}`, `${bucket}/${experiments}`]),
        allow(["s3:PutObject"], [`${bucket}/${experiments}`]),
        allow(["s3:ListBucket"], [bucket], {
          conditions: { StringLike: { "s3:prefix": [rewards, experiments] } },
        }),
        ...allowKey(kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
        allow(["events:PutEvents"], [arn(references, "events", "event-bus/default")], {
          conditions: { StringEquals: { "events:source": experimentEventSource } },
        }),
        ...(topicArn === undefined ? [] : [allow(["sns:Publish"], [topicArn])]),
        ...allowKey(topicKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
        ...logAndTraces(name, references),
      ],
    },
    folder: "lambda-src/experiment-controller",
    runtime: "python3.11",
    handler: "experiment_controller.lambda_handler",
    timeoutSeconds: 120,
    memorySizeInMB: 512,
    variables: {
      EXPERIMENTS_PREFIX: prefixes.experiments,
      REWARDS_PREFIX: prefixes.rewards,
      ...(topicArn !== undefined && { TOPIC_ARN: topicArn }),
    },
  };
}

/** A function's log group, created here so that it is encrypted and expires. */
export function logGroupName(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** Permissions with which Lambda itself writes logs and traces, as the function's role. */
export function logAndTraces(functionName: string, place: Place): readonly PolicyStatement[] {
  return [
    allow(
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      [arn(place, "logs", `log-group:${logGroupName(functionName)}:*`)],
      { page: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html" },
    ),
    allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"], {
      reason: "the actions have no resource type",
      page: "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    }),
  ];
}
