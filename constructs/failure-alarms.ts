import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import { baseName, type NameScope } from "../workflow/names";
import type { WorkflowReferences } from "../workflow/settings";

export interface FailureAlarmsProps {
  readonly nameScope: NameScope;
  /** E-mail addresses; each gets a message with a link to confirm. */
  readonly addresses: readonly string[];
  readonly stateMachineArn: string;
  /** The key, where there is one, must let CloudWatch use it. */
  readonly references: Pick<WorkflowReferences, "partition" | "region" | "account" | "kmsKeyArn">;
}

/** Metrics of the state machine that count bad ends; each is a metric of its own. */
const badEnds = {
  ExecutionsFailed: "An execution of the workflow failed.",
  ExecutionsTimedOut: "An execution of the workflow ran into the time limit of the state machine.",
  ExecutionsAborted: "An execution of the workflow was aborted, by a person or by another service.",
} as const;

/** Alarms for executions that end badly, and an encrypted topic that mails them. */
export class FailureAlarms extends Construct {
  constructor(scope: Construct, id: string, props: FailureAlarmsProps) {
    super(scope, id);
    const { nameScope, addresses, stateMachineArn, references } = props;
    const { partition, region, account } = references;
    const name = baseName(nameScope);
    const topic = new SnsTopic(this, "Topic", {
      name: `${name}-alarms`,
      // CloudWatch may not use the key that SNS has of its own.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
      kmsMasterKeyId: references.kmsKeyArn ?? this.key(partition, account),
    });
    const alarms = `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}-*`;
    new SnsTopicPolicy(this, "TopicPolicy", {
      arn: topic.arn,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AlarmsPublish",
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: "sns:Publish",
            Resource: topic.arn,
            Condition: {
              ArnLike: { "aws:SourceArn": alarms },
              StringEquals: { "aws:SourceAccount": account },
            },
          },
          {
            Sid: "DenyPlainHttp",
            Effect: "Deny",
            Principal: "*",
            Action: "sns:Publish",
            Resource: topic.arn,
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      }),
    });
    addresses.forEach((endpoint, index) => {
      new SnsTopicSubscription(this, `Subscription${index}`, {
        topicArn: topic.arn,
        protocol: "email",
        endpoint,
      });
    });
    for (const [metricName, what] of Object.entries(badEnds)) {
      new CloudwatchMetricAlarm(this, metricName, {
        alarmName: `${name}-${metricName.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase()}`,
        alarmDescription: `${what} See which and why: npm run status -- ${nameScope.environment}`,
        namespace: "AWS/States",
        metricName,
        dimensions: { StateMachineArn: stateMachineArn },
        statistic: "Sum",
        period: 300,
        evaluationPeriods: 1,
        threshold: 1,
        comparisonOperator: "GreaterThanOrEqualToThreshold",
        // Where nothing runs there are no data, and nothing is wrong.
        treatMissingData: "notBreaching",
        alarmActions: [topic.arn],
      });
    }
  }

  private key(partition: string, account: string): string {
    const key = new KmsKey(this, "Key", {
      description: "Encrypts the topic of the workflow's alarms",
      enableKeyRotation: true,
      deletionWindowInDays: 7,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AccountAdministers",
            Effect: "Allow",
            Principal: { AWS: `arn:${partition}:iam::${account}:root` },
            Action: "kms:*",
            // In a key's policy this is the key itself.
            Resource: "*",
          },
          {
            Sid: "AlarmsUse",
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
            Resource: "*",
            Condition: { StringEquals: { "aws:SourceAccount": account } },
          },
        ],
      }),
    });
    return key.arn;
  }
}
