/** What people and machines are told: messages, alarms, a chat, events. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLogGroupCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { UpdateModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { alarmRequest } from "../../cli/emulator/alarms";
import { stateMachineArns } from "../../workflow/arns";
import type { Alarm } from "../../workflow/monitoring/alarm";
import { workflowAlarms } from "../../workflow/monitoring/alarms";
import { releaseEvent } from "../../workflow/monitoring/notifications";
import { workflow as described } from "../fixtures";
import { until } from "../patience";
import { TestCloud, type TestWorkflow } from "./cloud";
import { TestNotifications } from "./notifications-cloud";
import { killInvoked } from "./processes";
import { smallWorkflow } from "./small-workflow";

const props = smallWorkflow("told", {
  approval: "manual",
});
const version = "arn:aws:sagemaker:us-east-1:123456789012:model-package/told-test/1";
const eventLog = "/told-test/events";

let cloud: TestCloud;
let workflow: TestWorkflow;
let notifications: TestNotifications;
const temporary = mkdtempSync(join(tmpdir(), "notifications-"));
const servers: Server[] = [];
/** What the topic's subscriber and the chat got. */
const messages: { Subject: string; Message: string }[] = [];
const chat: { text: string }[] = [];

/** Collects the JSON documents that are posted. */
const collect = (into: object[]) => (request: IncomingMessage, response: ServerResponse) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    into.push(JSON.parse(body));
    response.end();
  });
};

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A certificate of this test's own, which the function is told to trust. */
function makeCertificate(): { key: string; cert: string } {
  const [key, cert] = [join(temporary, "key.pem"), join(temporary, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
  const files = ["-keyout", key, "-out", cert, "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...request, ...files], { stdio: "ignore" });
  return { key, cert };
}

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
  const { key, cert } = makeCertificate();
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  const chatPort = await listen(createHttpsServer(tls, collect(chat)));
  notifications = await TestNotifications.create(cloud, props, {
    format: "slack",
    url: `https://127.0.0.1:${chatPort}/services/secret`,
    certificate: cert,
  });
  const subscriberPort = await listen(createHttpServer(collect(messages)));
  await notifications.subscribe("http", `http://127.0.0.1:${subscriberPort}/`);
  await cloud.aws.logs().send(new CreateLogGroupCommand({ logGroupName: eventLog }));
  const pattern = { source: [releaseEvent.source], "detail-type": [releaseEvent.detailType] };
  const group = `arn:aws:logs:us-east-1:123456789012:log-group:${eventLog}`;
  await notifications.hear("told-test-machines", pattern, group);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await cloud?.stop();
  rmSync(temporary, { recursive: true, force: true });
});

/** What came instead of what is waited for. */
const came = async () => ({ messages, chat, events: await events() });

async function events(): Promise<Record<string, unknown>[]> {
  const { events = [] } = await cloud.aws.logs().send(new FilterLogEventsCommand({ logGroupName: eventLog }));
  return events.map(({ message = "{}" }) => JSON.parse(message).detail);
}

/** Message, chat's text and event of one outcome. */
async function told(title: string, outcome: string) {
  const Subject = `[told test] ${title}`;
  return {
    message: await until(() => messages.find((one) => one.Subject === Subject)?.Message, came),
    chat: await until(() => chat.find(({ text }) => text.startsWith(`*${Subject}*\n`))?.text, came),
    event: await until(async () => (await events()).find(({ Outcome }) => Outcome === outcome), came),
  };
}

it("asks for the approval of a version, with the command that shows it", async () => {
  await workflow.run();
  const { message, chat, event } = await told("Model version 1 waits for approval", "waitingForApproval");
  for (const text of [message, chat]) {
    expect(text).toContain("npm run approve -- test 1");
    expect(text).toContain("score is 1, greater than 0");
    expect(text).toMatch(/https:\/\/us-east-1\.console\.aws\.amazon\.com\/states\/.*:execution:told-test:/);
  }
  expect(event).toMatchObject({
    Environment: "test",
    Workflow: "told-test",
    ModelPackageArn: version,
    Metrics: { score: 1 },
    Gate: { Metric: "score", Value: 1, Threshold: 0 },
  });
  expect(event).not.toHaveProperty("EndpointName");
});

it("tells of a release by the other state machine", async () => {
  await cloud.aws
    .sagemaker()
    .send(new UpdateModelPackageCommand({ ModelPackageArn: version, ModelApprovalStatus: "Approved" }));
  await workflow.release({ ModelPackageArn: version });
  const { message, event } = await told("Model version 1 released", "released");
  expect(message).toContain("Model version 1 is in service on told-test.");
  expect(message).toContain("npm run rollback -- test VERSION");
  expect(event).toMatchObject({
    ModelPackageArn: version,
    EndpointName: "told-test",
    ExecutionArn: expect.stringContaining(":execution:told-test-release:"),
  });
});

it("tells why a model was refused, and its alarm goes to the chat, too", async () => {
  const { endpoint, region, credentials } = cloud.aws.connection;
  const machines = stateMachineArns(props, { partition: "aws", region, account: "123456789012" });
  const { settings } = described({ prefix: props.prefix, environment: props.environment });
  const [alarm] = workflowAlarms(settings, { stateMachineArns: machines, functionNames: [] });
  await new CloudWatchClient({ endpoint, region, credentials }).send(
    new PutMetricAlarmCommand({
      ...alarmRequest(alarm as Alarm),
      AlarmActions: [notifications.topicArn],
    }),
  );
  await workflow.run({ Threshold: 5 });
  const { message, event } = await told("A new model did not pass the gate", "gateRefused");
  expect(message).toContain("Why: score is 1, must be greater than 5");
  expect(event).toMatchObject({
    Error: "ModelPerformanceInsufficient",
    Reason: "score is 1, must be greater than 5",
    Metrics: { score: 1 },
  });
  const text = await until(() => chat.find((one) => one.text.startsWith("*ALARM: "))?.text, came);
  expect(text).toContain("*ALARM: told-test-executions-failed*\nAn execution of the workflow has failed.");
  expect(text).toContain("npm run status -- test\n");
});

it("tells all the same, and once, when both functions are killed before they have told", async () => {
  const title = "A new model did not pass the gate";
  const counts = () => [
    messages.filter(({ Subject }) => Subject.endsWith(title)).length,
    chat.filter(({ text }) => text.includes(title)).length,
  ];
  const before = counts();
  const after = before.map((count) => count + 1);
  await killInvoked(cloud, "told-test-webhook", () =>
    killInvoked(cloud, "told-test-notify", () => workflow.run({ Threshold: 6 })),
  );
  await until(() => `${counts()}` === `${after}`, came);
});
