import { integration } from "./arns";
import { type Jsonata, jsonata } from "./asl/jsonata";
import { sdkRetries } from "./asl/retries";
import type { State, TaskBody, TaskState } from "./asl/states";
import type { PolicyStatement } from "./iam";
import { baseName } from "./names";
import type { Workflow } from "./settings";

/** A part of the workflow: its states, and exactly the permissions that they need. */
export interface Step {
  readonly states: Readonly<Record<string, State>>;
  readonly policyStatements: readonly PolicyStatement[];
}

/** The tag with the workflow that a resource belongs to. */
export const ownerTag = "workflow";

/** Tags of what an execution creates: its workflow and its execution. */
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
 * By default a call has a timeout of a minute and the retries of its service.
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
 * JSONata: the SHA-256 in a response of S3.
 *
 * Step Functions spells members like the AWS SDK for Java, whose naming rule and S3 client differ here: either works.
 */
export function sha256In(answer: Jsonata): Jsonata {
  return jsonata`[${answer}.ChecksumSHA256, ${answer}.ChecksumSha256][0]`;
}

/** JSONata: an S3 address in the artifact bucket; its key is text or JSONata. */
export function artifactUrl({ references }: Workflow, key: string): Jsonata {
  return jsonata`${`s3://${references.bucketName}/`} & ${key}`;
}
