import { integration } from "./arns";
import type { State } from "./asl/states";
import { jsonata, literal } from "./asl/states";
import type { PolicyStatement } from "./iam";
import { baseName } from "./names";
import type { Workflow } from "./settings";

/** A part of the workflow: its states, and the permissions that exactly these states need. */
export interface Step {
  readonly states: Readonly<Record<string, State>>;
  readonly policyStatements: readonly PolicyStatement[];
}

/** The tag that says which workflow something belongs to. */
export const ownerTag = "workflow";

/** Tags for what an execution creates: who made it, and in which execution. */
export function executionTags({ settings }: Workflow) {
  return [
    ...Object.entries(settings.tags).map(([Key, Value]) => ({ Key, Value })),
    { Key: ownerTag, Value: baseName(settings) },
    { Key: "environment", Value: settings.environment },
    // Tag values allow fewer characters than execution names do.
    {
      Key: "execution",
      Value: jsonata('$replace($states.context.Execution.Name, /[^A-Za-z0-9_.:=+@-]/, "-")'),
    },
  ];
}

/** JSONata for a value that may be an expression or plain text. */
export function source(value: string): string {
  return value.startsWith("{%") ? value.slice(2, -2).trim() : literal(value);
}

/** The resource of a Task state that calls the AWS API through the SDK integration. */
export function sdkCall(workflow: Workflow, service: string, action: string): string {
  return integration(workflow.references, `aws-sdk:${service}:${action}`);
}

/**
 * JSONata: the SHA-256 in an answer of S3's.
 *
 * Step Functions spells members as the AWS SDK for Java does, whose rule and whose S3 client differ here: either will do.
 */
export function sha256In(answer: string): string {
  return `[${answer}.ChecksumSHA256, ${answer}.ChecksumSha256][0]`;
}

/** JSONata: an S3 address in the artifact bucket, its key given as JSONata. */
export function artifactUrl({ references }: Workflow, key: string): string {
  return `${literal(`s3://${references.bucketName}/`)} & ${key}`;
}
