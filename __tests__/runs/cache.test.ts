/** Executions that use the results of earlier ones, and those that may not. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import {
  DescribeModelPackageCommand,
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
} from "@aws-sdk/client-sagemaker";
import type { ExecutionResult } from "../../cli/execution/execution";
import { secondsBetween } from "../../cli/execution/history";
import { executionOutput } from "../../cli/execution/report";
import type { ExecutionInput } from "../../workflow/execution-input";
import { resultsCacheFunctionName } from "../../workflow/names";
import type { WorkflowProps } from "../../workflow/props";
import { patience } from "../patience";
import { failureOf, jobsOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { killInvoked } from "./processes";
import { smallTuning, smallWorkflow } from "./small-workflow";

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await TestCloud.start();
});

afterAll(() => cloud?.stop());

const states = ["DataPreprocessing", "ModelTraining"] as const;

/** An execution that succeeds: its report, and how many jobs each step ran. */
async function run(workflow: TestWorkflow, input: ExecutionInput = {}) {
  const result = await workflow.run(input);
  expect(failureOf(result)).toEqual(succeeded);
  const report = executionOutput(result);
  const [prepared, trained] = states.map((state) => report.Cache?.[state]);
  return { result, report, prepared, trained, jobs: states.map((state) => jobsOf(result, state).length) };
}

/** Every job that SageMaker knows. */
async function allJobs(): Promise<number> {
  const sagemaker = cloud.aws.sagemaker();
  const { ProcessingJobSummaries = [] } = await sagemaker.send(new ListProcessingJobsCommand({}));
  const { TrainingJobSummaries = [] } = await sagemaker.send(new ListTrainingJobsCommand({}));
  return ProcessingJobSummaries.length + TrainingJobSummaries.length;
}

const seconds = ({ description: { startDate, stopDate } }: ExecutionResult) =>
  secondsBetween(startDate as Date, stopDate);

const miss = (Reason: string) => expect.objectContaining({ Hit: false, Reason, Recorded: true });
const hit = expect.objectContaining({ Hit: true, Reason: "nothing has changed" });

describe("a workflow that releases its models", () => {
  it("runs again without a job, in seconds, and registers a model of its own", async () => {
    // The workflow that the commands find.
    const workflow = await cloud.deploy(smallWorkflow("housing", { environment: "local", cache: {} }));
    await workflow.upload("raw-data/data.csv", "1\n");
    const first = await run(workflow);
    expect([first.prepared, first.trained, first.jobs]).toEqual([
      miss("there is no earlier result"),
      miss("there is no earlier result"),
      [1, 1],
    ]);
    const before = await allJobs();

    const named = { PreprocessingJobName: "mine", TrainingJobName: "mine", ModelName: "mine" };
    const second = await run(workflow, named);

    expect([second.prepared, second.trained, second.jobs]).toEqual([hit, hit, [0, 0]]);
    expect(await allJobs()).toBe(before);
    expect(seconds(second.result)).toBeLessThan(10 * patience);
    expect(second.report).toMatchObject({
      ProcessingJobName: first.report.ProcessingJobName,
      TrainingJobName: first.report.TrainingJobName,
      Metrics: first.report.Metrics,
      IgnoredInput: ["PreprocessingJobName", "TrainingJobName"],
    });
    expect(second.report.ModelName).toContain("-mine-");
    expect(second.result.visits.flatMap(({ taken }) => taken ?? [])).toEqual([
      { state: "DataPreprocessing", job: first.report.ProcessingJobName },
      { state: "ModelTraining", job: first.report.TrainingJobName },
    ]);
    const digests = await Promise.all([first, second].map(async ({ report }) => await sha256Of(report)));
    expect(digests[0]).toBe(digests[1]);
    for (const key of ["ModelDataUrl", "EvaluationUrl", "ModelPackageArn"] as const) {
      expect(second.report[key]).not.toBe(first.report[key]);
    }
    // The first version's files are as they were registered, which a release checks.
    const { ModelPackageArn } = first.report;
    expect(failureOf(await workflow.release({ ModelPackageArn }))).toEqual(succeeded);

    const strict = await workflow.run({ HyperParameters: { behave: "other" }, Threshold: 2 });
    expect(failureOf(strict).error).toBe("ModelPerformanceInsufficient");
    const explained = await command("explain-cache", "local", strict.description.name as string);
    expect(explained.split("\n").map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        `hit   DataPreprocessing taken from ${first.report.ProcessingJobName}, nothing has changed`,
        "miss  ModelTraining ran: changed: HyperParameters.behave",
        "HyperParameters.behave: well → other",
      ]),
    );
    const json = await command("explain-cache", "local", second.result.description.name as string, "--json");
    expect(JSON.parse(json)).toEqual({
      execution: second.result.description.name,
      steps: second.report.Cache,
    });
    await expect(command("explain-cache", "local", "nothing")).rejects.toThrow("nothing does not exist");
  });

  /** What a command prints. */
  async function command(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("node", ["--import", "tsx", "cli/main.ts", ...args], {
      env: { ...process.env, ...cloud.variables },
    });
    return stdout;
  }

  async function sha256Of({ ModelPackageArn }: { ModelPackageArn: string }) {
    const { CustomerMetadataProperties } = await cloud.aws
      .sagemaker()
      .send(new DescribeModelPackageCommand({ ModelPackageName: ModelPackageArn }));
    return CustomerMetadataProperties?.modelSha256;
  }
});

describe("a workflow whose models wait for approval", () => {
  const folder = mkdtempSync(join(tmpdir(), "cached-workflow-"));
  let props: WorkflowProps;
  let workflow: TestWorkflow;
  let first: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    const scripts = join(folder, "scripts");
    cpSync("__tests__/runs/small-workflow", scripts, { recursive: true });
    const script = (entryPoint: string) => ({ folder: scripts, entryPoint });
    props = smallWorkflow("cached", {
      cache: { maxAgeInDays: 2 },
      approval: "manual",
      processing: script("prepare.py"),
      training: { ...script("fit.py"), hyperparameters: { behave: "well" } },
      inference: script("serve.py"),
    });
    workflow = await cloud.deploy(props);
    await workflow.upload("raw-data/data.csv", "1\n");
    first = await run(workflow);
    expect([first.prepared, first.trained]).toEqual(Array(2).fill(miss("there is no earlier result")));
  });

  /** The first training's record, and where it is. */
  async function recordOf(step: (typeof states)[number]) {
    const search = { Bucket: workflow.bucketName, Prefix: `cache/${step}/` };
    const { Contents = [] } = await cloud.aws.s3().send(new ListObjectsV2Command(search));
    for (const { Key = "" } of Contents) {
      const { Body } = await cloud.aws.s3().send(new GetObjectCommand({ Bucket: workflow.bucketName, Key }));
      const text = (await Body?.transformToString()) as string;
      if (text.includes(first.report.TrainingJobName)) return { key: Key, text };
    }
    throw new Error(`There is no record of ${step}`);
  }

  const put = (Key: string, Body: string) =>
    cloud.aws.s3().send(new PutObjectCommand({ Bucket: workflow.bucketName, Key, Body }));

  it("trains again with another hyperparameter, and says which", async () => {
    const { prepared, trained, jobs } = await run(workflow, { HyperParameters: { behave: "better" } });
    expect([prepared, jobs]).toEqual([hit, [0, 1]]);
    expect(trained).toMatchObject({
      Hit: false,
      Reason: "changed: HyperParameters.behave",
      Changes: [{ Field: "HyperParameters.behave", Old: "well", New: "better" }],
      JobName: first.report.TrainingJobName,
      Execution: first.result.description.name,
      Recorded: true,
    });
  });

  it("runs both jobs with other data, and none when the data is as it was", async () => {
    await workflow.upload("raw-data/data.csv", "2\n");
    const changed = await run(workflow);
    expect([changed.prepared, changed.trained, changed.jobs]).toEqual([
      miss("changed: Inputs.data/data.csv"),
      miss("changed: Inputs.test/data.csv, Inputs.train/data.csv"),
      [1, 1],
    ]);
    await workflow.upload("raw-data/data.csv", "1\n");
    const restored = await run(workflow);
    expect([restored.prepared, restored.trained, restored.jobs]).toEqual([hit, hit, [0, 0]]);
  });

  it("runs both jobs if the input says so, and uses their results from then on", async () => {
    const anew = await run(workflow, { Cache: false });
    expect([anew.prepared, anew.trained, anew.jobs]).toEqual([
      miss("Cache is false in the input"),
      miss("Cache is false in the input"),
      [1, 1],
    ]);
    const { report } = await run(workflow);
    expect(report.TrainingJobName).toBe(anew.report.TrainingJobName);
    first = anew;
  });

  it("runs no cached training from a later stage, but one that has changed", async () => {
    const { ProcessingJobName } = first.report;
    const From = { State: "ModelTraining", ProcessingJobName } as const;
    const same = await run(workflow, { From });
    expect([same.prepared, same.trained, same.jobs]).toEqual([undefined, hit, [0, 0]]);
    expect((await run(workflow, { From, HyperParameters: { behave: "other" } })).jobs).toEqual([0, 1]);
  });

  it("misses beside another execution, and either's result is used", async () => {
    const input = { HyperParameters: { behave: "twice" } };
    const both = await Promise.all([run(workflow, input), run(workflow, input)]);
    const names = both.map(({ report }) => report.TrainingJobName);
    const { trained, report } = await run(workflow, input);
    expect([trained, names]).toEqual([hit, expect.arrayContaining([report.TrainingJobName])]);
  });

  it("runs a job whose earlier result is looked for when the function is killed", async () => {
    const killed = await killInvoked(cloud, resultsCacheFunctionName(props), () => run(workflow));
    expect([killed.prepared?.Hit, killed.trained?.Hit]).toEqual([false, true]);
  });

  it("uses no result of a job that has failed", async () => {
    const input = { HyperParameters: { behave: "fail" } };
    for (const _ of [1, 2]) {
      const result = await workflow.run(input);
      expect([failureOf(result).error, jobsOf(result, "ModelTraining").length]).toEqual([
        "TrainingJobFailed",
        1,
      ]);
    }
  });

  it.each<[string, (record: string) => string, string]>([
    ["cut", (record) => record.slice(0, -20), "the record is cut or no JSON"],
    [
      "from another bucket",
      (record) => forged(record, { Result: { JobName: "s3://elsewhere/model" } }),
      "the record leads elsewhere",
    ],
    [
      "expired",
      (record) => forged(record, { RecordedAt: new Date(Date.now() - 3 * 86_400_000).toISOString() }),
      "has expired: it is 3.0 days old, and 2 is the limit",
    ],
  ])("trains again if the record is %s, and says so", async (_, forge, reason) => {
    const { key, text } = await recordOf("ModelTraining");
    await put(key, forge(text));
    const { trained, jobs, ...anew } = await run(workflow);
    expect([trained, jobs]).toEqual([miss(expect.stringContaining(reason)), [0, 1]]);
    first = { trained, jobs, ...anew };
  });

  it.each([
    ["altered", (Key: string) => put(Key, "another model")],
    [
      "deleted",
      (Key: string) => cloud.aws.s3().send(new DeleteObjectCommand({ Bucket: workflow.bucketName, Key })),
    ],
  ])("trains again if the model was %s, and says so", async (what, spoil) => {
    const key = `training-output/${first.report.TrainingJobName}/output/model.tar.gz`;
    await spoil(key);
    const { trained, jobs, ...anew } = await run(workflow);
    expect([trained, jobs]).toEqual([
      miss(expect.stringContaining(`${key} was ${what} after it was recorded`)),
      [0, 1],
    ]);
    first = { trained, jobs, ...anew };
  });

  it("runs both jobs with another image or another script, and says which", async () => {
    const uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/sagemaker-scikit-learn:1.2-1-cpu-py3";
    await cloud.redeploy({ ...props, image: { uri } }, workflow);
    const mirrored = await run(workflow);
    expect([mirrored.prepared, mirrored.trained]).toEqual(Array(2).fill(miss("changed: Image.Address")));
    writeFileSync(join(folder, "scripts", "more.py"), "x = 1\n");
    await cloud.redeploy({ ...props, image: { uri } }, workflow);
    const changed = await run(workflow);
    expect([changed.prepared, changed.trained, changed.jobs]).toEqual([
      miss("changed: Code"),
      miss("changed: Code, InferenceCode"),
      [1, 1],
    ]);
    const { Old, New } = changed.prepared?.Changes?.[0] ?? {};
    expect([Old, New]).toEqual(Array(2).fill(expect.stringMatching(/^scripts-[0-9a-f]{16}\.tar\.gz$/)));
  });
});

it("a tuning is not repeated, and its best hyperparameters go on", async () => {
  const workflow = await cloud.deploy(
    smallWorkflow("tuned", { ...smallTuning, cache: {}, approval: "manual" }),
  );
  await workflow.upload("raw-data/data.csv", "1\n");
  const first = await run(workflow);
  expect(first.report.Cache?.ModelTuning).toEqual(miss("there is no earlier result"));
  const before = await allJobs();
  const second = await run(workflow);
  expect([second.report.Cache?.ModelTuning, await allJobs()]).toEqual([hit, before]);
  expect(second.report).toMatchObject({
    TrainingJobName: first.report.TrainingJobName,
    Tuning: first.report.Tuning,
    Metrics: first.report.Metrics,
  });
  const fewer = await run(workflow, { Tuning: { MaxJobs: 2 } });
  expect(fewer.report.Cache?.ModelTuning?.Changes?.map(({ Field }) => Field)).toEqual([
    "Tuning.HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs",
  ]);
  const single = await run(workflow, { Tuning: false });
  expect([single.report.Cache?.ModelTraining, single.jobs]).toEqual([
    miss("there is no earlier result"),
    [0, 1],
  ]);
});

/** A record with other members, and the hash that belongs to them: a forger can count, too. */
function forged(record: string, members: object): string {
  const { Sha256: _, ...document } = { ...JSON.parse(record), ...members };
  const Sha256 = createHash("sha256").update(canonical(document)).digest("hex");
  return JSON.stringify({ ...document, Sha256 });
}

function canonical(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)}}`;
}
