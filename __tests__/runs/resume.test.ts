/** Executions that go on: redriven where they were stopped, or started at a later stage with earlier results. */

import { spawn } from "node:child_process";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { DescribeModelPackageCommand, DescribeTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { StopExecutionCommand } from "@aws-sdk/client-sfn";
import { startExecution, watchExecution } from "../../cli/execution/execution";
import { redriveNamed } from "../../cli/execution/redriven";
import { executionOutput } from "../../cli/execution/report";
import { readHistory } from "../../cli/execution/variables";
import { main } from "../../cli/main";
import { workflowProps } from "../../configuration";
import { until } from "../patience";
import { failureOf, jobsOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";
import { smallComparison, smallWorkflow } from "./small-workflow";

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await TestCloud.start();
});

afterAll(() => cloud?.stop());

describe("an execution of a small workflow", () => {
  let workflow: TestWorkflow;
  const watch = { timeoutSeconds: 600, pollMilliseconds: 100 };

  beforeAll(async () => {
    workflow = await cloud.deploy(smallWorkflow("small", { comparison: smallComparison }));
    await workflow.upload("raw-data/data.csv", "1\n");
  });

  it("starts at the evaluation with the model of an earlier one, whose version stays as it is", async () => {
    const first = executionOutput(await workflow.run());
    const { ProcessingJobName, TrainingJobName } = first;
    const registered = await describeVersion(first.ModelPackageArn);
    const result = await workflow.run({
      HyperParameters: { behave: "hang" },
      From: { State: "ModelEvaluation", ProcessingJobName, TrainingJobName },
    });
    expect(failureOf(result)).toEqual(succeeded);
    expect([jobsOf(result, "DataPreprocessing"), jobsOf(result, "ModelTraining")]).toEqual([[], []]);
    expect(jobsOf(result, "ModelComparison")).toHaveLength(1);
    const report = executionOutput(result);
    expect(report).toMatchObject({
      ProcessingJobName,
      TrainingJobName,
      ProcessedDataUrl: first.ProcessedDataUrl,
      Metrics: first.Metrics,
      IgnoredInput: ["HyperParameters"],
    });
    expect(report.ModelDataUrl).not.toBe(first.ModelDataUrl);
    expect(report.ModelPackageArn).not.toBe(first.ModelPackageArn);
    expect(await describeVersion(first.ModelPackageArn)).toEqual(registered);
    // Its files are as they were registered, which a release checks.
    const released = await workflow.release({ ModelPackageArn: first.ModelPackageArn });
    expect(failureOf(released)).toEqual(succeeded);
  });

  it("starts at the training with the data of an earlier one, and with other hyperparameters", async () => {
    const { ProcessingJobName } = executionOutput(await workflow.run());
    const result = await workflow.run({
      HyperParameters: { behave: "better" },
      From: { State: "ModelTraining", ProcessingJobName },
    });
    expect(failureOf(result)).toEqual(succeeded);
    expect([jobsOf(result, "DataPreprocessing").length, jobsOf(result, "ModelTraining").length]).toEqual([
      0, 1,
    ]);
    expect(executionOutput(result)).toMatchObject({ ProcessingJobName, IgnoredInput: [] });
  });

  it("does not start with the jobs of another workflow", async () => {
    const result = await workflow.run({
      From: { State: "ModelTraining", ProcessingJobName: "other-test-prep-run-0a1b2c3d-1-0" },
    });
    expect(failureOf(result)).toMatchObject({ error: "InvalidInput" });
  });

  it("goes on where it was stopped, with a new job, and with the code and definition that it began with", async () => {
    await workflow.upload("raw-data/slow/hang", "1\n");
    const { aws, stateMachineArn } = workflow;
    const name = `stopped-${Date.now()}`;
    const arn = await startExecution(aws.sfn(), stateMachineArn, name, { DataPrefix: "raw-data/slow/" });
    const stopAtJob = async (count: number) => {
      await until(async () => {
        const events = await readHistory(aws.sfn(), arn);
        return events.filter(({ type }) => type === "TaskSubmitted").length === count;
      });
      await aws.sfn().send(new StopExecutionCommand({ executionArn: arn }));
    };
    await stopAtJob(1);
    expect((await watchExecution(aws.sfn(), arn, watch)).description.status).toBe("ABORTED");

    await cloud.redeploy(
      smallWorkflow("small", { comparison: smallComparison, gate: { metric: "none", threshold: 9 } }),
      workflow,
    );
    await aws.s3().send(new DeleteObjectCommand({ Bucket: workflow.bucketName, Key: "raw-data/slow/hang" }));
    await workflow.upload("raw-data/slow/data.csv", "1\n");
    const redriven = await redriveNamed({ aws, stateMachineArn }, name, "local");
    const told: string[] = [];
    const result = await watchExecution(aws.sfn(), arn, {
      ...watch,
      redriven,
      onVisit: (visit) => told.push(visit.name),
    });
    expect(failureOf(result)).toEqual(succeeded);
    expect(told).not.toContain("PinCode");
    expect(told).toContain("DataPreprocessing");
    const jobs = jobsOf(result, "DataPreprocessing");
    expect([jobs.length, new Set(jobs).size]).toEqual([2, 2]);
    expect(executionOutput(result).ProcessingJobName).toBe(jobs[1]);
    expect(result.description.redriveCount).toBe(1);
  });

  async function describeVersion(ModelPackageName: string) {
    const {
      ResponseMetadata: _,
      $metadata: __,
      ...version
    } = (await cloud.aws
      .sagemaker()
      .send(new DescribeModelPackageCommand({ ModelPackageName }))) as unknown as Record<string, unknown>;
    return version;
  }
});

describe("the commands", () => {
  interface Ended {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }

  function command(...args: string[]): Promise<Ended> {
    const child = spawn("node", ["--import", "tsx", "cli/main.ts", ...args], {
      env: { ...process.env, ...cloud.variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    return new Promise((settle) => child.on("close", (code) => settle({ code, stdout, stderr })));
  }

  /** The exit code and the words with which a command is refused, called in this process. */
  async function refused(...args: string[]): Promise<[number, string]> {
    const before = { ...process.env };
    Object.assign(process.env, cloud.variables);
    try {
      let said = "";
      const code = await main(args, (text) => {
        said += text;
      });
      return [code, said];
    } finally {
      process.env = before;
    }
  }

  let workflow: TestWorkflow;
  const quick = ["--input", '{"HyperParameters": {"n-estimators": 5}}'];

  beforeAll(async () => {
    workflow = await cloud.deploy(workflowProps("local"));
    await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
    await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
    const { code, stdout } = await command("execute", "--name", "first", ...quick);
    expect([code, stdout]).toEqual([0, expect.stringContaining("housing-local-train-first-")]);
  });

  it("starts at a stage of an earlier execution, and at one of that", async () => {
    const again = await command(
      "execute",
      "--from",
      "ModelEvaluation",
      "--of",
      "first",
      "--name",
      "again",
      "--json",
    );
    expect([again.code, again.stderr]).toEqual([0, expect.anything()]);
    const { jobs, status } = JSON.parse(again.stdout);
    expect([status, JSON.stringify(jobs ?? "")]).toEqual([
      "SUCCEEDED",
      expect.not.stringContaining("-again-"),
    ]);
    const third = await command("execute", "--from", "ModelTraining", "--of", "again", "--name", "third");
    expect(third.code).toBe(0);
    expect(third.stdout).toContain("housing-local-train-third-");
    expect(third.stdout).not.toContain("housing-local-prep-third-");
  });

  it("stops an execution and its job, and lets it go on with a new one", async () => {
    const input = JSON.stringify({ HyperParameters: { "n-estimators": 100_000 } });
    const started = command("execute", "--name", "long", "--input", input);
    const arn = workflow.stateMachineArn.replace(":stateMachine:", ":execution:");
    const training = async () => {
      const events = await readHistory(cloud.aws.sfn(), `${arn}:long`).catch(() => []);
      return events.filter(({ taskSubmittedEventDetails: submitted }) =>
        submitted?.output?.includes("-train-long-"),
      );
    };
    await until(async () => (await training()).length === 1);
    const stopped = await command("stop", "local", "long");
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining("long ended as ABORTED") });
    const [, job = ""] = /(housing-local-train-long-\S+) +Stopped/.exec(stopped.stdout) ?? [];
    const described = await cloud.aws
      .sagemaker()
      .send(new DescribeTrainingJobCommand({ TrainingJobName: job }));
    expect(described.TrainingJobStatus).toBe("Stopped");
    expect(stopped.stdout).toContain("npm run execute -- local --redrive long");
    expect(await started).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("to go on: npm run execute -- local --redrive long"),
    });

    const redriven = command("execute", "--redrive", "long");
    await until(async () => (await training()).length === 2);
    expect((await command("stop", "local", "long")).code).toBe(0);
    const { code, stdout } = await redriven;
    expect(code).toBe(1);
    expect(stdout).not.toContain("housing-local-prep-long-");
    expect(await command("stop", "local", "long")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("long is not running: it ended as ABORTED"),
    });
  });

  it("says what a redrive of a named failure would do, and what to do instead", async () => {
    const failed = await command(
      "execute",
      "--name",
      "strict",
      "--input",
      '{"HyperParameters": {"n-estimators": 5}, "Threshold": 1}',
    );
    expect(failed.code).toBe(1);
    const { code, stderr } = await command("execute", "--redrive", "strict");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        "strict ended in the Fail state ModelPerformanceInsufficient, which a redrive would only enter again. Start a new execution with its results: npm run execute -- local --from ModelEvaluation --of strict",
      ),
    ]);
    const lower = await command(
      "execute",
      "--from",
      "ModelEvaluation",
      "--of",
      "strict",
      "--input",
      '{"Threshold": 0}',
    );
    expect(lower.code).toBe(0);
  });

  it.each([
    [["--redrive", "first"], "first cannot be redriven: Execution is SUCCEEDED and cannot be redriven"],
    [["--redrive", "frist"], "The execution frist does not exist; did you mean first?"],
    [
      ["--from", "ModelEvaluation", "--of", "frist"],
      "The execution frist does not exist; did you mean first?",
    ],
    [["--from", "ModelEvalution", "--of", "first"], "got ModelEvalution; did you mean ModelEvaluation?"],
    [["--from", "DataPreprocessing", "--of", "first"], "an execution without --from starts there"],
    [["--from", "ModelTraining"], "--from and --of belong together"],
    [["--of", "first"], "--from and --of belong together"],
    [
      ["--from", "ModelEvaluation", "--of", "long"],
      "long has no TrainingJobName to start ModelEvaluation with",
    ],
  ])("refuses %j", async (args, message) => {
    expect(await refused("execute", ...args)).toEqual([2, expect.stringContaining(message)]);
  });

  it("refuses to start with results that are gone", async () => {
    const { TrainingJobName } = executionOutput(
      await watchExecution(
        cloud.aws.sfn(),
        `${workflow.stateMachineArn.replace(":stateMachine:", ":execution:")}:first`,
        { timeoutSeconds: 60, pollMilliseconds: 100 },
      ),
    );
    const Key = `training-output/${TrainingJobName}/output/model.tar.gz`;
    await cloud.aws.s3().send(new DeleteObjectCommand({ Bucket: workflow.bucketName, Key }));
    const message = `The results of first are gone: there is nothing under s3://${workflow.bucketName}/${Key}`;
    expect(await refused("execute", "--from", "ModelEvaluation", "--of", "first")).toEqual([
      2,
      expect.stringContaining(message),
    ]);
  });
});
