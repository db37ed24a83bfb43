import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { startExecution, watchExecution } from "../../cli/execution/execution";
import { listMonitorRuns, monitorRunLines } from "../../cli/monitoring/runs";
import { monitorNamespace } from "../../workflow/monitoring/monitor";
import type { MonitorInput } from "../../workflow/steps/monitor-input";
import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import { until } from "../patience";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallMonitor, smallWorkflow } from "./small-workflow";

let cloud: TestCloud;
let workflow: TestWorkflow;
let runs = 0;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(smallWorkflow("watched", smallMonitor));
  await workflow.upload("raw-data/data.csv", "1\n");
});

afterAll(() => cloud?.stop());

async function judge(input: MonitorInput) {
  const sfn = cloud.aws.sfn();
  const arn = await startExecution(sfn, `${workflow.stateMachineArn}-monitor`, `judge-${++runs}`, input);
  return await watchExecution(sfn, arn, { timeoutSeconds: 600, pollMilliseconds: 200 });
}

async function judged(input: MonitorInput): Promise<MonitorReport> {
  const result = await judge(input);
  expect(failureOf(result)).toEqual(succeeded);
  return JSON.parse(result.description.output ?? "{}") as MonitorReport;
}

/** A window that ends in a minute: what is sent now belongs to it. */
function lastHour(): MonitorInput {
  const time = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  return { WindowStart: time(-60), WindowEnd: time(1) };
}

it("has nothing to judge before a model is in service", async () => {
  expect(failureOf(await judge({}))).toMatchObject({
    status: "FAILED",
    error: "NothingToMonitor",
    cause: { reason: "No model is in service on the endpoint watched-test" },
  });
});

it("reports silence, and judges what was captured then, with the report before", async () => {
  expect(failureOf(await workflow.run())).toEqual(succeeded);
  expect(await judged(lastHour())).toMatchObject({
    Verdict: "silence",
    Reasons: ["nothing was captured"],
    Rows: 0,
  });

  const invoke = new InvokeEndpointCommand({
    EndpointName: "watched-test",
    ContentType: "application/json",
    Body: JSON.stringify({ instances: [[1]] }),
  });
  for (const _ of [1, 2, 3]) await cloud.aws.runtime().send(invoke);
  const captured = new ListObjectsV2Command({ Bucket: workflow.bucketName, Prefix: "data-capture/" });
  await until(async () => (await cloud.aws.s3().send(captured)).KeyCount !== 0);
  const window = lastHour();
  const report = await judged(window);
  expect(report).toMatchObject({
    Verdict: "ok",
    Rows: 3,
    EndpointName: "watched-test",
    Metrics: { Rows: 3, Runs: 2 },
    ReportUrl: expect.stringMatching(`^s3://${workflow.bucketName}/monitoring/reports/watched-test/judge-`),
  });
  const query = {
    Id: "rows",
    MetricStat: {
      Metric: {
        Namespace: monitorNamespace,
        MetricName: "Rows",
        Dimensions: [{ Name: "EndpointName", Value: "watched-test" }],
      },
      Period: 60,
      Stat: "Maximum",
    },
  };
  const { MetricDataResults = [] } = await cloud.aws.cloudwatch().send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 3_600_000),
      MetricDataQueries: [query],
    }),
  );
  expect(Math.max(...(MetricDataResults[0]?.Values ?? []))).toBe(3);
});

it("names a job that fails", async () => {
  await workflow.upload("monitoring/latest/watched-test/report.json", "{");
  expect(failureOf(await judge(lastHour()))).toMatchObject({
    error: "MonitoringFailed",
    cause: { state: "JudgeTraffic", job: expect.stringMatching(/^watched-test-monitor-judge-/) },
  });
});

it("is told in the status: what each of the newest runs has found", async () => {
  const runs = await listMonitorRuns(cloud.aws, `${workflow.stateMachineArn}-monitor`, "local");
  expect(runs.map(({ status, verdict }) => [status, verdict])).toEqual([
    ["FAILED", undefined],
    ["SUCCEEDED", "ok"],
    ["SUCCEEDED", "silence"],
  ]);
  expect(runs.flatMap(monitorRunLines).join("\n")).toMatch(
    /^FAILED {5}judge-4 .*\n {11}to go on: npm run monitor -- local --since \S+Z --until \S+Z\nSUCCEEDED {2}judge-3 .*: ok\nSUCCEEDED {2}judge-2 .*: silence\n {11}nothing was captured$/,
  );
  expect(await listMonitorRuns(cloud.aws, `${workflow.stateMachineArn}-nothing`, "local")).toEqual([]);
});
