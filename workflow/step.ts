import { integration } from "./arns";
import { type Jsonata, jsonata } from "./asl/jsonata";
import { sdkRetries } from "./asl/retries";
import type { State, TaskBody, TaskState } from "./asl/states";
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
      Value: jsonata`$replace($states.context.Execution.Name, /[^A-Za-z0-9_.:=+@-]/, "-")`,
    },
  ];
}

/**
 * A Task that calls the AWS API through the SDK integration.
 *
 * Unless the body says otherwise, a call has a minute, and is retried as its service's calls are.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
export function sdkTask(
  { references }: Workflow,
  service: keyof typeof sdkRetries,
  action: string,
  body: TaskBody,
): TaskState {
  return {
    Type: "Task",
    Resource: integration(references, `aws-sdk:${service}:${action}`),
    TimeoutSeconds: 60,
    Retry: sdkRetries[service],
    ...body,
  };
}

/**
 * JSONata: the SHA-256 in an answer of S3's.
 *
 * Step Functions spells members as the AWS SDK for Java does, whose rule and whose S3 client differ here: either will do.
 */
export function sha256In(answer: Jsonata): Jsonata {
  return jsonata`[${answer}.ChecksumSHA256, ${answer}.ChecksumSha256][0]`;
}

/** JSONata: an S3 address in the artifact bucket; its key is text or JSONata. */
export function artifactUrl({ references }: Workflow, key: string): Jsonata {
  return jsonata`${`s3://${references.bucketName}/`} & ${key}`;
}
