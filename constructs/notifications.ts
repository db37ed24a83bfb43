import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import type { FunctionDescription } from "../workflow/functions";
import {
  executionRule,
  notifyFunction,
  type Recipients,
  topicKeyPolicy,
  topicName,
  topicPolicy,
  type Webhook,
  webhookFunction,
} from "../workflow/monitoring/notifications";
import type { NameScope } from "../workflow/names";
import type { Deployment } from "./role-and-log";
import { WorkflowFunction } from "./workflow-function";

export interface NotificationsProps extends Recipients {
  readonly nameScope: NameScope;
  /** If there is a key, its policy must allow CloudWatch to use it. */
  readonly deployment: Deployment;
}

/** An encrypted topic for messages and alarms, and the functions that write to it and to a chat. */
export class Notifications extends Construct {
  /** The topic, for other notifications; its key is `topicKeyArn`. */
  readonly topicArn: string;
  readonly topicKeyArn: string;
  readonly functionNames: readonly string[];

  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    const { nameScope, deployment, emails, webhook } = props;
    // CloudWatch may not use the default key of SNS.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    this.topicKeyArn = deployment.kmsKeyArn ?? this.key(deployment);
    const topic = new SnsTopic(this, "Topic", {
      name: topicName(nameScope),
      kmsMasterKeyId: this.topicKeyArn,
    });
    this.topicArn = topic.arn;
    new SnsTopicPolicy(this, "TopicPolicy", {
      arn: topic.arn,
      policy: JSON.stringify(topicPolicy(nameScope, topic.arn, deployment)),
    });
    emails.forEach((endpoint, index) => {
      new SnsTopicSubscription(this, `Subscription${index}`, {
        topicArn: topic.arn,
        protocol: "email",
        endpoint,
      });
    });
    const { topicArn, topicKeyArn } = this;
    const notify = notifyFunction(nameScope, { ...deployment, topicArn, topicKeyArn });
    this.notify(props, notify);
    const told = webhook === undefined ? [] : [this.webhook(props, webhook)];
    this.functionNames = [notify.name, ...told];
  }

  private notify({ nameScope, deployment }: NotificationsProps, code: FunctionDescription) {
    const notify = new WorkflowFunction(this, "Notify", { function: code, deployment });
    const description = executionRule(nameScope, deployment);
    const rule = new CloudwatchEventRule(this, "Rule", {
      name: description.name,
      description: description.description,
      eventPattern: JSON.stringify(description.eventPattern),
    });
    const permission = new LambdaPermission(this, "RuleInvokes", {
      functionName: notify.functionName,
      action: "lambda:InvokeFunction",
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    });
    new CloudwatchEventTarget(this, "Target", {
      rule: rule.name,
      arn: notify.functionArn,
      dependsOn: [permission],
    });
  }

  private webhook({ nameScope, deployment }: NotificationsProps, webhook: Webhook): string {
    const code = webhookFunction(nameScope, deployment, webhook);
    const post = new WorkflowFunction(this, "Webhook", { function: code, deployment });
    const permission = new LambdaPermission(this, "TopicInvokes", {
      functionName: post.functionName,
      action: "lambda:InvokeFunction",
      principal: "sns.amazonaws.com",
      sourceArn: this.topicArn,
    });
    new SnsTopicSubscription(this, "WebhookSubscription", {
      topicArn: this.topicArn,
      protocol: "lambda",
      endpoint: post.functionArn,
      dependsOn: [permission],
    });
    return code.name;
  }

  private key(deployment: Deployment): string {
    const key = new KmsKey(this, "Key", {
      description: "Encrypts the topic of the workflow's messages and alarms",
      enableKeyRotation: true,
      deletionWindowInDays: 7,
      policy: JSON.stringify(topicKeyPolicy(deployment)),
    });
    return key.arn;
  }
}
