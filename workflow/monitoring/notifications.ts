/** Notifications about the end of executions, as plain data: the topic, the rule, and the functions. */

import { arn, executionArn, globalArn, type Place, stateMachineArns } from "../arns";
import { failures } from "../failures";
import { type FunctionDescription, type FunctionReferences, logAndTraces, logGroupName } from "../functions";
import { allow, allowKey } from "../iam";
import { baseName, type NameScope } from "../names";
import { executionNamespace } from "./execution-metrics";

export const webhookFormats = ["slack", "teams"] as const;

/** A chat channel. */
export interface Webhook {
  readonly format: (typeof webhookFormats)[number];
  /** Name of the SSM parameter, a SecureString, with the URL. */
  readonly parameter: string;
}

export interface Recipients {
  /** Email addresses; each gets a confirmation link. */
  readonly emails: readonly string[];
  /** @default - emails only */
  readonly webhook?: Webhook;
}

/** Whether there are recipients. */
export function hasRecipients({ emails, webhook }: Recipients): boolean {
  return emails.length > 0 || webhook !== undefined;
}

/** Source and detail-type of the events, one for each ended execution. */
export const releaseEvent = { source: "sagemaker-workflow.releases", detailType: "Release Outcome" } as const;

/** The topic for messages and alarms. */
export function topicName(scope: NameScope): string {
  return `${baseName(scope)}-notifications`;
}

/** The state machines whose executions are reported; alarms tell of the monitor's. */
function reportedMachines(scope: NameScope, place: Place): string[] {
  const { workflow, release } = stateMachineArns(scope, place);
  return [workflow, release];
}

/** The rule that matches every end of an execution. */
export function executionRule(scope: NameScope, place: Place) {
  return {
    name: `${baseName(scope)}-ended`,
    description: "Reports ended executions of the workflow",
    eventPattern: {
      source: ["aws.states"],
      "detail-type": ["Step Functions Execution Status Change"],
      detail: {
        stateMachineArn: reportedMachines(scope, place),
        status: ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
      },
    },
  } as const;
}

/** Allows the workflow's alarms to publish, and denies requests without TLS. */
export function topicPolicy(scope: NameScope, topicArn: string, place: Place) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AlarmsPublish",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: {
          ArnLike: {
            "aws:SourceArn": arn(place, "cloudwatch", `alarm:${baseName(scope)}-*`),
          },
          StringEquals: { "aws:SourceAccount": place.account },
        },
      },
      {
        Sid: "DenyPlainHttp",
        Effect: "Deny",
        Principal: "*",
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}

/** The policy of the topic's key: the account's roles may use it according to their policies, alarms according to this one. */
export function topicKeyPolicy(place: Place) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AccountAdministers",
        Effect: "Allow",
        Principal: { AWS: globalArn(place, "iam", "root") },
        Action: "kms:*",
        // In a key's policy, this means the key itself.
        Resource: "*",
      },
      {
        Sid: "AlarmsUse",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
        Resource: "*",
        Condition: { StringEquals: { "aws:SourceAccount": place.account } },
      },
    ],
  };
}

/** Reports how an execution ended: as a message, as an event, and as metrics. */
export function notifyFunction(
  scope: NameScope,
  references: FunctionReferences & { readonly topicArn: string; readonly topicKeyArn: string },
): FunctionDescription {
  const { topicArn, topicKeyArn } = references;
  const name = `${baseName(scope)}-notify`;
  return {
    name,
    description: "Reports how an execution ended: as a message, as an event, and as metrics",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${name}-`,
      description: "Role of the function that reports executions",
      service: "lambda.amazonaws.com",
      policyStatements: [
        allow(
          ["states:DescribeExecution"],
          reportedMachines(scope, references).map((machine) => executionArn(machine, "*")),
        ),
        // For the gate's refusals in a row.
        allow(["states:ListExecutions"], [stateMachineArns(scope, references).workflow]),
        allow(["cloudwatch:PutMetricData"], ["*"], {
          conditions: { StringEquals: { "cloudwatch:namespace": executionNamespace } },
          reason: "the action has no resource type; the namespace is what can be narrowed",
        }),
        allow(["sns:Publish"], [topicArn]),
        // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        allow(["kms:Decrypt", "kms:GenerateDataKey"], [topicKeyArn]),
        allow(["events:PutEvents"], [arn(references, "events", "event-bus/default")], {
          conditions: { StringEquals: { "events:source": releaseEvent.source } },
        }),
        ...logAndTraces(name, references),
      ],
    },
    folder: "lambda-src/notify",
    runtime: "python3.11",
    handler: "notify.lambda_handler",
    timeoutSeconds: 60,
    memorySizeInMB: 256,
    variables: {
      PREFIX: scope.prefix,
      ENVIRONMENT: scope.environment,
      TOPIC_ARN: topicArn,
      METRIC_NAMESPACE: executionNamespace,
      EVENT_SOURCE: releaseEvent.source,
      EVENT_DETAIL_TYPE: releaseEvent.detailType,
      FAILURES: JSON.stringify(failures),
    },
  };
}

/** Posts the topic's messages, including alarms, to a chat channel. */
export function webhookFunction(
  scope: NameScope,
  references: FunctionReferences,
  { format, parameter }: Webhook,
): FunctionDescription {
  const { kmsKeyArn } = references;
  const name = `${baseName(scope)}-webhook`;
  return {
    name,
    description: "Posts the messages of the workflow's topic to a chat channel",
    logGroupName: logGroupName(name),
    role: {
      namePrefix: `${name}-`,
      description: "Role of the function that posts to a chat",
      service: "lambda.amazonaws.com",
      policyStatements: [
        allow(["ssm:GetParameter"], [arn(references, "ssm", `parameter${parameter}`)]),
        // Needed if the parameter is encrypted with the environment's key; the account's roles may use SSM's own key.
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html
        ...allowKey(kmsKeyArn, ["kms:Decrypt"]),
        ...logAndTraces(name, references),
      ],
    },
    folder: "lambda-src/webhook",
    runtime: "python3.11",
    handler: "webhook.lambda_handler",
    timeoutSeconds: 60,
    memorySizeInMB: 256,
    variables: { PARAMETER: parameter, FORMAT: format },
  };
}
