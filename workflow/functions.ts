/** The Lambda functions of the workflow as plain data: their settings, and what each may do. */

import { allow, allowKey, type PolicyStatement } from "./iam";
import { baseName, evaluationFunctionName, type NameScope } from "./names";
import type { RoleDescription } from "./roles";
import { prefixes, type WorkflowReferences } from "./settings";

/** A Lambda function: where its code lies, what it runs on, and its role's permissions. */
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

/** What a function's permissions name. */
export type FunctionReferences = Pick<
  WorkflowReferences,
  "partition" | "region" | "account" | "bucketName" | "kmsKeyArn"
>;

/** Reads a training job's metrics and says whether the model passes the gate. */
export function evaluationFunction(scope: NameScope, references: FunctionReferences): FunctionDescription {
  const { partition, bucketName } = references;
  const artifacts = `arn:${partition}:s3:::${bucketName}/${prefixes.modelArtifacts}*`;
  const name = evaluationFunctionName(scope);
  return {
    name,
    description: "Reads a training job's metrics and says whether the model passes the gate",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${baseName(scope)}-evaluate-`,
      description: "What the evaluation function of the workflow may do",
      service: "lambda.amazonaws.com",
      policyStatements: [
        allow(
          ["s3:GetObject"],
          [`${artifacts}/output/output.tar.gz`, `${artifacts}/comparison/comparison.json`],
        ),
        allow(["s3:PutObject"], [`${artifacts}/output/evaluation.json`]),
        // Without it S3 answers a missing object with 403, and the function could not name what is missing.
        allow(["s3:ListBucket"], [`arn:${partition}:s3:::${bucketName}`]),
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

/** Lambda's own log group of a function, which we make so that it is encrypted and does not last for ever. */
export function logGroupName(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** What Lambda itself writes logs and traces with, as the function's role. */
export function logAndTraces(
  functionName: string,
  { partition, region, account }: FunctionReferences,
): readonly PolicyStatement[] {
  return [
    allow(
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      [`arn:${partition}:logs:${region}:${account}:log-group:${logGroupName(functionName)}:*`],
      { page: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html" },
    ),
    allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"], {
      reason: "the actions have no resource type",
      page: "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    }),
  ];
}
