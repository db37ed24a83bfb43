/** One door for retraining: which reasons start the workflow, and where the reason is found afterwards. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import {
  DescribeModelPackageCommand,
  DescribeTrainingJobCommand,
  ListTagsCommand,
} from "@aws-sdk/client-sagemaker";
import {
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { readJson } from "../../cli/account/objects";
import { startExecution, watchExecution } from "../../cli/execution/execution";
import { executionOutput } from "../../cli/execution/report";
import { decisionLines, listDecisions } from "../../cli/retraining/decisions";
import { executionArn } from "../../workflow/arns";
import { prefixes } from "../../workflow/prefixes";
import type { Reason, RetrainingDecision, RetrainingProps } from "../../workflow/retraining/retraining";
import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import type { RetrainInput } from "../../workflow/steps/retrain-input";
import { until } from "../patience";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallMonitor, smallWorkflow } from "./small-workflow";

const options = { timeoutSeconds: 600, pollMilliseconds: 100 };
const often = { coolDownInHours: 0, mostPerDay: 20, refusalsInARow: 3 };
const manual = (Why: string): RetrainInput => ({ Reason: { Kind: "manual", Why } });

let cloud: TestCloud;
let asked = 0;

beforeAll(async () => {
  const mocks = join(mkdtempSync(join(tmpdir(), "mocks-")), "mocks.json");
  // A list that does not have the newest execution yet, as AWS's may not.
  const Stale = { FindExecutions: "Nothing" };
  writeFileSync(
    mocks,
    JSON.stringify({
      StateMachines: { "one-test-retrain": { TestCases: { Stale } } },
      MockedResponses: { Nothing: { "0": { Return: { Executions: [] } } } },
    }),
  );
  cloud = await TestCloud.start(mocks);
});

afterAll(() => cloud?.stop());

const deploy = (prefix: string, retraining: RetrainingProps) =>
  cloud.deploy(smallWorkflow(prefix, { retraining }));

async function ask({ stateMachineArn }: TestWorkflow, input: object, testCase = "") {
  const sfn = cloud.aws.sfn();
  const door = `${stateMachineArn}-retrain`;
  const name = `ask-${++asked}`;
  await startExecution(sfn, `${door}${testCase}`, name, input as RetrainInput);
  return await watchExecution(sfn, executionArn(door, name), options);
}

async function decided(
  workflow: TestWorkflow,
  input: RetrainInput,
  testCase = "",
): Promise<RetrainingDecision> {
  const result = await ask(workflow, input, testCase);
  expect(failureOf(result)).toEqual(succeeded);
  return JSON.parse(result.description.output ?? "{}") as RetrainingDecision;
}

/** Waits for the end of what was started. */
async function ended({ ExecutionArn = "" }: RetrainingDecision) {
  return await watchExecution(cloud.aws.sfn(), ExecutionArn, options);
}

/** A retraining that fails at once, because there is no data. */
async function fails(workflow: TestWorkflow, why: string): Promise<void> {
  const decision = await decided(workflow, manual(why));
  expect(decision.Decision).toBe("Started");
  expect(failureOf(await ended(decision))).toMatchObject({ error: "InvalidInput" });
}

async function stop({ ExecutionArn }: RetrainingDecision): Promise<void> {
  await cloud.aws.sfn().send(new StopExecutionCommand({ executionArn: ExecutionArn }));
  await ended({ ExecutionArn } as RetrainingDecision);
}

it("is opened by one of several reasons at once, and by none while an execution runs", async () => {
  const workflow = await deploy("one", often);
  await workflow.upload("raw-data/hang", "1\n");
  const reasons = ["a", "b", "c", "d"].map((why) => decided(workflow, manual(why)));
  const all = await Promise.all(reasons);
  const [started, ...more] = all.filter(({ Decision }) => Decision === "Started");
  expect(more).toEqual([]);
  for (const { Decision, Why } of all.filter((one) => one !== started)) {
    expect(["FirstComes", "Running"]).toContain(Decision);
    expect(Why).toContain("retrain-first");
  }
  // Its list lacks what was started; the name is taken all the same.
  expect(await decided(workflow, manual("late"), "#Stale")).toEqual({
    Decision: "FirstComes",
    Why: "another reason, decided at the same time, has started retrain-first",
    ExecutionArn: started?.ExecutionArn,
    Reason: { Kind: "manual", Why: "late" },
    Workflow: "one-test",
    DecidedBy: `ask-${asked}`,
  });
  expect(await decided(workflow, { ...manual("now"), Force: true })).toMatchObject({
    Decision: "Running",
    Why: "the execution retrain-first of the workflow is running",
  });
  const { stateMachineArn } = workflow;
  const { executions } = await cloud.aws.sfn().send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions).toHaveLength(1);
  await stop(started as RetrainingDecision);
});

it("stays shut after refusals in a row, until a person opens it; and says why on record", async () => {
  const workflow = await deploy("circuit", often);
  for (const why of ["first", "second", "third"]) await fails(workflow, why);
  const open = await decided(workflow, { ...manual("fourth"), Force: true });
  expect(open).toMatchObject({
    Decision: "CircuitOpen",
    Why: expect.stringMatching(
      /^the last 3 retrainings were refused or failed: retrain-after-\d+T\d+, retrain-after-\d+T\d+, retrain-first\. .* npm run retrain -- test --reset$/,
    ),
  });

  const { bucketName: Bucket } = workflow;
  const search = new ListObjectsV2Command({ Bucket, Prefix: prefixes.retrainingDecisions });
  const { Contents = [] } = await cloud.aws.s3().send(search);
  const Key = Contents.map((one) => one.Key ?? "").find((key) => key.endsWith(`/${open.DecidedBy}.json`));
  expect(Key).toMatch(/^retraining\/decisions\/\d{4}-\d\d-\d\d\/ask-\d+\.json$/);
  expect(await readJson(cloud.aws, { Bucket, Key: Key as string })).toEqual(open);
  const told = (await cloud.audit()).find(({ name }) => name.startsWith("circuit-test-retrain-"))?.uses ?? [];
  expect(told).toContainEqual(expect.objectContaining({ action: "events:PutEvents", allowed: 4, denied: 0 }));
  const runs = await listDecisions(cloud.aws, `${workflow.stateMachineArn}-retrain`, "test");
  expect(runs.map(({ decision }) => decision)).toEqual(["CircuitOpen", "Started", "Started", "Started"]);
  expect(decisionLines(runs[0] as never).slice(1, 2)).toEqual(["           reason (manual): fourth"]);

  await workflow.upload(prefixes.retrainingReset, "{}");
  // Failures of the second of the reset count neither.
  await until(async () => {
    const again = await decided(workflow, manual("again"));
    if (again.Decision === "Started") await ended(again);
    return again.Decision === "Started";
  });
});

it("says that too many begin: soon after one another, or on a day, unless it is forced", async () => {
  const cool = await deploy("cool", { coolDownInHours: 1 });
  await fails(cool, "first");
  expect(await decided(cool, manual("second"))).toMatchObject({
    Decision: "CoolDown",
    Why: expect.stringMatching(/^the last retraining, retrain-first, began at \S+Z, less than 1 hours ago$/),
  });
  const limited = await deploy("limited", { coolDownInHours: 0, mostPerDay: 1 });
  await fails(limited, "first");
  expect(await decided(limited, manual("second"))).toMatchObject({
    Decision: "DayLimit",
    Why: "1 of at most 1 retrainings began in the last 24 hours",
  });
  const forced = await decided(limited, { ...manual("third"), Force: true });
  expect(forced).toMatchObject({
    Decision: "Started",
    Why: expect.stringMatching(/^retrain-after-\d+T\d+ was started: it was forced$/),
  });
  await ended(forced);
});

/** Lets the monitor judge, with this verdict; returns what was decided on the retraining that it asks for. */
async function asksFor(workflow: TestWorkflow, verdict?: "drift" | "quality") {
  if (verdict !== undefined) await workflow.upload(`labels/${verdict}`, "1\n");
  const time = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  const sfn = cloud.aws.sfn();
  const arn = await startExecution(sfn, `${workflow.stateMachineArn}-monitor`, `judge-${++asked}`, {
    WindowStart: time(-60),
    WindowEnd: time(1),
  });
  const result = await watchExecution(sfn, arn, options);
  expect(failureOf(result)).toEqual(succeeded);
  if (verdict !== undefined) await workflow.remove(`labels/${verdict}`);
  const { AskedExecutionArn } = JSON.parse(result.description.output ?? "{}") as MonitorReport;
  if (!AskedExecutionArn) return undefined;
  const { description } = await watchExecution(sfn, AskedExecutionArn, options);
  return JSON.parse(description.output ?? "{}") as RetrainingDecision;
}

it("leaves its reason with all that the retraining makes, and asks what has changed since", async () => {
  const retraining = { ...often, on: ["drift", "quality"] } as const;
  const workflow = await cloud.deploy(smallWorkflow("reason", { ...smallMonitor, retraining }));
  await workflow.upload("raw-data/data.csv", "1\n");
  // S3's times are whole seconds: what came in the second of the begin may be new.
  const uploaded = Date.now();
  await until(async () => Date.now() > uploaded + 1000);
  const Reason: Reason = { Kind: "drift", Why: "rooms & income drifted" };
  const decision = await decided(workflow, { Reason });
  expect(decision).toMatchObject({
    Decision: "Started",
    Why: "retrain-first was started: none has succeeded before",
  });
  const result = await ended(decision);
  expect(failureOf(result)).toEqual(succeeded);
  const report = executionOutput(result);
  expect(report.Reason).toEqual({ ...Reason, DecidedBy: decision.DecidedBy });
  const sagemaker = cloud.aws.sagemaker();
  const { TrainingJobArn } = await sagemaker.send(
    new DescribeTrainingJobCommand({ TrainingJobName: report.TrainingJobName }),
  );
  const { Tags } = await sagemaker.send(new ListTagsCommand({ ResourceArn: TrainingJobArn }));
  expect(Tags).toContainEqual({ Key: "reason", Value: "drift: rooms - income drifted" });
  const version = await sagemaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: report.ModelPackageArn }),
  );
  expect(version.CustomerMetadataProperties?.reason).toBe("drift: rooms - income drifted");

  expect(await decided(workflow, { Reason })).toMatchObject({
    Decision: "NothingChanged",
    Why: expect.stringMatching(
      /^neither an object under s3:\/\/\S+\/raw-data\/ nor the workflow is newer than the last retraining that succeeded, retrain-first, begun at \S+Z$/,
    ),
  });
  await workflow.upload("raw-data/hang", "1\n");
  // Drift asks for one retraining; lost quality, while that runs, for none.
  expect(await asksFor(workflow)).toBeUndefined();
  const because = await asksFor(workflow, "drift");
  expect(because).toMatchObject({
    Decision: "Started",
    Why: expect.stringMatching(
      / was started: s3:\/\/\S+\/raw-data\/hang is newer than the begin of retrain-first$/,
    ),
    Reason: { Kind: "drift", Why: "drift was asked for" },
  });
  expect(await asksFor(workflow, "quality")).toMatchObject({
    Decision: "Running",
    Reason: { Kind: "quality", Why: "quality was asked for" },
  });
  await stop(because as RetrainingDecision);

  const { stateMachineArn } = workflow;
  const sfn = cloud.aws.sfn();
  const { definition = "" } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const changed = JSON.stringify({ ...JSON.parse(definition), Comment: "Changed" });
  await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: changed }));
  const deployed = await decided(workflow, { Reason });
  expect(deployed).toMatchObject({
    Decision: "Started",
    Why: expect.stringMatching(/ was started: its code or definition have changed since retrain-first$/),
  });
  await stop(deployed);
});

it.each([
  [
    {},
    "Reason must be an object with Kind (manual, schedule, data, drift, quality) and Why (a text of 1 to 500 characters), got none",
  ],
  [{ Reason: { Kind: "mood", Why: "x" } }, 'got {"Kind":"mood","Why":"x"}'],
  [{ Reason: { Kind: "manual", Why: "" } }, 'got {"Kind":"manual","Why":""}'],
  [{ ...manual("x"), Forced: true }, "Forced is not a key of the input: it has Reason and Force"],
  [{ ...manual("x"), Force: "yes" }, "Force must be true or false, got yes"],
  [
    { Reason: { Kind: "drift", Why: "x" }, Force: true },
    "Force is for reasons of the kind manual only, got one of the kind drift",
  ],
])("refuses the input %j", async (input, reason) => {
  const workflow = { stateMachineArn: "arn:aws:states:us-east-1:123456789012:stateMachine:one-test" };
  expect(failureOf(await ask(workflow as TestWorkflow, input))).toMatchObject({
    error: "InvalidInput",
    cause: { state: "CheckRetrainInput", reason: expect.stringContaining(reason) },
  });
});
