/** Runs of the monitor. */

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { ListProcessingJobsCommand, StopProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { StopExecutionCommand } from "@aws-sdk/client-sfn";
import { startExecution, watchExecution } from "../../../cli/execution/execution";
import type { Grant, RoleName } from "../../grants";
import { until } from "../../patience";
import type { Lane, Scenario } from "./lane";
import { execution, isRefusedAtUpdate } from "./scenarios";

let runs = 0;

/** Requests that are captured, once. */
async function capturedRequests(lane: Lane): Promise<void> {
  if (!(await lane.serves(lane.workflow.baseName))) {
    await lane.removeEndpoint(lane.workflow.baseName);
    expect(await execution(lane, {})).toBe("");
  }
  await lane.workflow.upload("labels/labels.csv", "id,label\n");
  if ((await capturedFiles(lane)) > 0) return;
  await invoke(lane);
  await until(async () => (await capturedFiles(lane)) > 0);
}

async function capturedFiles({ cloud, workflow }: Lane): Promise<number> {
  const search = new ListObjectsV2Command({ Bucket: workflow.bucketName, Prefix: "data-capture/" });
  return (await cloud.aws.s3().send(search)).KeyCount ?? 0;
}

async function invoke({ cloud, workflow }: Lane): Promise<void> {
  const request = { EndpointName: workflow.baseName, ContentType: "application/json", Body: "{}" };
  await cloud.aws.runtime().send(new InvokeEndpointCommand(request));
}

/** Starts to judge the hour around now. */
async function start({ cloud, workflow }: Lane): Promise<string> {
  const time = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  const input = { WindowStart: time(-59), WindowEnd: time(1) };
  return await startExecution(
    cloud.aws.sfn(),
    `${workflow.stateMachineArn}-monitor`,
    `judge-${++runs}-${Date.now()}`,
    input,
  );
}

/** Judges what was captured, with a report before and labels. */
export const judges: Scenario = {
  before: capturedRequests,
  run: async (lane) => {
    const options = { timeoutSeconds: 600, pollMilliseconds: 200 };
    const { description } = await watchExecution(lane.cloud.aws.sfn(), await start(lane), options);
    return description.status === "SUCCEEDED" ? "" : `${description.error}: ${description.cause}`;
  },
};

/** A verdict that asks for a retraining. */
const asks: Scenario = {
  before: async (lane) => {
    await capturedRequests(lane);
    await lane.workflow.upload("labels/drift", "1\n");
  },
  run: async (lane) => {
    const said = await judges.run(lane);
    await lane.workflow.remove("labels/drift");
    return said;
  },
};

/** A run that is stopped stops its job. */
const isStopped: Scenario = {
  before: async (lane) => {
    await capturedRequests(lane);
    // A run that may not look at its job leaves it running.
    await until(async () => (await runningJobs(lane)).length === 0);
    await lane.workflow.upload("labels/hang-monitor", "1\n");
  },
  run: async (lane) => {
    const { cloud, workflow } = lane;
    const sagemaker = cloud.aws.sagemaker();
    const running = () => runningJobs(lane);
    const executionArn = await start(lane);
    await until(async () => (await running()).length > 0);
    const isDenied = await lane.watchDenials();
    await cloud.aws.sfn().send(new StopExecutionCommand({ executionArn }));
    await until(async () => (await isDenied()) || (await running()).length === 0);
    const left = await running();
    for (const ProcessingJobName of left)
      await sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName }));
    await until(async () => (await running()).length === 0);
    await workflow.remove("labels/hang-monitor");
    return left.length > 0 ? "the job runs on" : "";
  },
};

async function runningJobs({ cloud, workflow }: Lane) {
  const search = { NameContains: `${workflow.baseName}-monitor-`, StatusEquals: "InProgress" } as const;
  const { ProcessingJobSummaries = [] } = await cloud.aws
    .sagemaker()
    .send(new ListProcessingJobsCommand(search));
  return ProcessingJobSummaries.map(({ ProcessingJobName }) => ProcessingJobName);
}

/** The run that needs a permission of the monitor's roles; undefined for others. */
export function monitorScenario(role: RoleName, { action }: Grant): Scenario | undefined {
  if (role !== "monitor" && role !== "watch") return undefined;
  if (action.startsWith("events:")) return isRefusedAtUpdate("-monitor");
  if (action === "states:StartExecution") return asks;
  return action === "sagemaker:StopProcessingJob" ? isStopped : judges;
}
