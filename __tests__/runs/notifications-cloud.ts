/** Topic, functions and rule of notifications, which come with Terraform otherwise. */

import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import { createFunction } from "../../cli/emulator/resources";
import {
  executionRule,
  notifyFunction,
  topicName,
  topicPolicy,
  type Webhook,
  webhookFunction,
} from "../../workflow/monitoring/notifications";
import { baseName, type NameScope } from "../../workflow/names";
import { resourceTags } from "../../workflow/resources";
import { callService } from "./call-service";
import type { TestCloud } from "./cloud";

const account = "123456789012";

interface TestNotificationsOptions {
  /** Key of topic and parameter; without it, the topic has one of its own. */
  readonly kmsKeyArn?: string;
  readonly format: Webhook["format"];
  /** The webhook's URL. */
  readonly url: string;
  /** File of a certificate that the webhook's function trusts. */
  readonly certificate?: string;
}

/** The notifications of one workflow in an emulator. */
export class TestNotifications {
  private constructor(
    private readonly cloud: TestCloud,
    readonly topicArn: string,
  ) {}

  static async create(
    cloud: TestCloud,
    scope: NameScope,
    options: TestNotificationsOptions,
  ): Promise<TestNotifications> {
    const { endpoint, region, credentials } = cloud.aws.connection;
    const place = { partition: "aws", region, account };
    const kms = new KMSClient({ endpoint, region, credentials });
    const topicKeyArn =
      options.kmsKeyArn ?? ((await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn as string);
    const answer = await callSns(cloud, {
      Action: "CreateTopic",
      Name: topicName(scope),
      "Attributes.entry.1.key": "KmsMasterKeyId",
      "Attributes.entry.1.value": topicKeyArn,
    });
    const topicArn = /<TopicArn>(.*)<\/TopicArn>/.exec(answer)?.[1] as string;
    await callSns(cloud, {
      Action: "SetTopicAttributes",
      TopicArn: topicArn,
      AttributeName: "Policy",
      AttributeValue: JSON.stringify(topicPolicy(scope, topicArn, place)),
    });
    const made = new TestNotifications(cloud, topicArn);
    const references = { ...place, bucketName: "none", kmsKeyArn: options.kmsKeyArn };

    const notify = notifyFunction(scope, { ...references, topicArn, topicKeyArn });
    await createFunction(cloud.aws, notify, account, resourceTags(scope));
    const { eventPattern, name } = executionRule(scope, place);
    await made.hear(name, eventPattern, functionArn(notify.name));
    await made.#letIn(notify.name, "events", `arn:aws:events:${region}:${account}:rule/${name}`);

    const parameter = `/${baseName(scope)}/webhook`;
    await putSecret(cloud, parameter, options.url, options.kmsKeyArn);
    const webhook = webhookFunction(scope, references, { format: options.format, parameter });
    const variables = {
      ...webhook.variables,
      ...(options.certificate !== undefined && { SSL_CERT_FILE: options.certificate }),
    };
    await createFunction(cloud.aws, { ...webhook, variables }, account, resourceTags(scope));
    await made.#letIn(webhook.name, "sns", topicArn);
    await made.subscribe("lambda", functionArn(webhook.name));
    return made;
  }

  async subscribe(protocol: "http" | "lambda", endpoint: string): Promise<void> {
    const subscription = { TopicArn: this.topicArn, Protocol: protocol, Endpoint: endpoint };
    await callSns(this.cloud, { Action: "Subscribe", ...subscription });
  }

  /** Sends events to a function or a log group. */
  async hear(Name: string, pattern: object, Arn: string): Promise<void> {
    const { endpoint, region, credentials } = this.cloud.aws.connection;
    const events = new EventBridgeClient({ endpoint, region, credentials });
    await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern) }));
    await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "target", Arn }] }));
  }

  async #letIn(FunctionName: string, service: string, SourceArn: string): Promise<void> {
    await this.cloud.aws.lambda().send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: service,
        Action: "lambda:InvokeFunction",
        Principal: `${service}.amazonaws.com`,
        SourceArn,
      }),
    );
  }
}

function functionArn(name: string): string {
  return `arn:aws:lambda:us-east-1:${account}:function:${name}`;
}

function callSns(cloud: TestCloud, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Version: "2010-03-31", ...parameters });
  return callService(
    cloud.aws,
    "sns",
    { "Content-Type": "application/x-www-form-urlencoded" },
    body.toString(),
  );
}

async function putSecret(cloud: TestCloud, Name: string, Value: string, KeyId?: string): Promise<void> {
  const headers = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonSSM.PutParameter",
  };
  await callService(cloud.aws, "ssm", headers, JSON.stringify({ Name, Value, Type: "SecureString", KeyId }));
}
