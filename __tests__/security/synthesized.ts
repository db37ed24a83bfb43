/** What the app synthesizes, as the linters and scanners need it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { z } from "zod";
import { workflowProps } from "../../configuration";
import { inEnvironment } from "../../configuration/define";
import type { EnvironmentConfig } from "../../configuration/environment-schema";
import { stackNames } from "../../configuration/names";
import { PipelineStack } from "../../constructs/pipeline-stack";
import { TestRunStack } from "../../constructs/test-run-stack";

/** A resource of a stack. */
export interface SynthesizedResource {
  readonly stack: string;
  /** Path of its construct below the stack, such as `Workflow/Artifacts/Resource`. */
  readonly path: string;
  readonly type: string;
  /** Its name in Terraform. */
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A policy, in IAM's JSON. */
export interface PolicyDocument {
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

const stackSchema = z.object({
  resource: z
    .record(
      z.string(),
      z.record(z.string(), z.looseObject({ "//": z.object({ metadata: z.object({ path: z.string() }) }) })),
    )
    .default({}),
});

/** Synthesizes the stacks of an environment that config.ts does not have. */
export function synthesizeEnvironment(folder: string, name: string, environment: EnvironmentConfig): void {
  const app = new App({ outdir: folder });
  const stacks = stackNames(name);
  const props = { ...workflowProps("dev"), environment: name, endpoint: undefined, cache: {} };
  const workflow = inEnvironment(props, environment);
  const pipeline = new PipelineStack(app, stacks.pipeline, { environment, workflow });
  new TestRunStack(app, stacks.testRun, { environment, pipeline, executionInput: {} });
  app.synth();
}

/** The resources of one synthesized stack. */
export function stackResources(stacks: string, stack: string): SynthesizedResource[] {
  const { resource } = stackSchema.parse(
    JSON.parse(readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8")),
  );
  return Object.entries(resource).flatMap(([type, all]) =>
    Object.entries(all).map(([id, { "//": comment, ...properties }]) => ({
      stack,
      path: comment.metadata.path.replace(/^[^/]+\//, ""),
      type,
      id,
      properties,
    })),
  );
}

const account = "123456789012";

/** An example of what a reference stands for, once it is deployed. */
const examples: Readonly<Record<string, string>> = {
  "aws_partition.partition": "aws",
  "aws_caller_identity.account_id": account,
  "aws_sagemaker_prebuilt_ecr_image.registry_id": "683313688378",
  "aws_iam_role.arn": `arn:aws:iam::${account}:role/example`,
  "aws_lambda_function.qualified_arn": `arn:aws:lambda:us-east-1:${account}:function:example:1`,
  "aws_s3_bucket.arn": "arn:aws:s3:::example",
  "aws_s3_bucket.bucket": "example",
  "aws_sfn_state_machine.arn": `arn:aws:states:us-east-1:${account}:stateMachine:example`,
  "aws_kms_key.arn": `arn:aws:kms:us-east-1:${account}:key/11111111-2222-3333-4444-555555555555`,
  "aws_sns_topic.arn": `arn:aws:sns:us-east-1:${account}:example`,
};

/**
 * The policies in a resource, their references to other resources filled in: those of roles, and of
 * what has a policy of its own.
 *
 * @throws Error for a reference without an example
 */
export function policiesIn(resource: SynthesizedResource): PolicyDocument[] {
  return Object.values(resource.properties)
    .map(policyDocument)
    .filter((document) => document !== undefined)
    .map(({ Statement, ...rest }) => ({
      ...rest,
      Statement: Statement.map((statement) => onItself(resource, statement)),
    }));
}

function policyDocument(value: unknown): PolicyDocument | undefined {
  if (typeof value !== "string" || !(value.startsWith("{") && value.includes('"Statement"')))
    return undefined;
  return JSON.parse(value.replace(/\$\{([^}]+)\}/g, (_, reference: string) => example(reference)));
}

function example(reference: string): string {
  const [type, , attribute] = reference.replace(/^data\./, "").split(".");
  const found = examples[`${type}.${attribute}`];
  if (found === undefined) {
    throw new Error(
      `A policy refers to \${${reference}}: give an example of ${type}.${attribute} in __tests__/security/synthesized.ts`,
    );
  }
  return found;
}

/** A trust policy names no resource, which the linter asks for: it is the role itself. */
function onItself({ type }: SynthesizedResource, statement: Readonly<Record<string, unknown>>) {
  return type === "aws_iam_role" ? { ...statement, Resource: examples["aws_iam_role.arn"] } : statement;
}
