/** A tuning of the smallest workflow: the best of its training jobs goes on, to a released model. */

import {
  DescribeModelPackageCommand,
  ListTrainingJobsCommand,
  StopHyperParameterTuningJobCommand,
} from "@aws-sdk/client-sagemaker";
import type { ExecutionResult } from "../../cli/execution/execution";
import { executionOutput } from "../../cli/execution/report";
import { readTuningRun, type TuningRun } from "../../cli/tuning/run";
import { until } from "../patience";
import { failureOf, jobsOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallTuning, smallWorkflow } from "./small-workflow";

const props = smallWorkflow("tuned", smallTuning);
let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
});

afterAll(() => cloud?.stop());

const tuningRun = (name?: string) => readTuningRun({ aws: cloud.aws, workflow: props }, name);
const states = ({ visits }: ExecutionResult) => new Set(visits.map(({ name }) => name));

it("releases the best of its training jobs, as it releases a single one", async () => {
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  const report = executionOutput(result);
  const [job = ""] = jobsOf(result, "ModelTuning");
  expect(job).toMatch(/^tuned-test-tune-[0-9a-f]{16}$/);
  const { jobs, ...run } = await tuningRun();
  expect(run).toMatchObject({
    name: job,
    status: "Completed",
    objective: { metric: "score", goal: "maximize" },
  });
  expect(jobs.map(({ status }) => status)).toEqual(["Completed", "Completed", "Completed", "Completed"]);
  const [best] = jobs;
  expect(best).toMatchObject({ isBest: true, name: report.TrainingJobName, objective: report.Metrics.score });
  expect(report.Tuning).toEqual({
    JobName: job,
    HyperParameters: { behave: "well", ...best?.hyperparameters },
  });
  expect(report.ModelDataUrl).toContain(`/model-artifacts/${best?.name}/output/model.tar.gz`);
  expect(report.EndpointName).toBe("tuned-test");
  const { CustomerMetadataProperties } = await cloud.aws
    .sagemaker()
    .send(new DescribeModelPackageCommand({ ModelPackageName: report.ModelPackageArn }));
  expect(CustomerMetadataProperties).toMatchObject({
    trainingJob: best?.name,
    hyperparameters: expect.stringContaining(`aim=${best?.hyperparameters.aim}`),
  });
  expect(states(result)).not.toContain("ModelTraining");
});

it("narrows the search by the input", async () => {
  const result = await workflow.run({ Tuning: { MaxJobs: 2, Ranges: { aim: { Min: 0.6, Max: 0.65 } } } });
  expect(failureOf(result)).toEqual(succeeded);
  const { jobs } = await tuningRun(jobsOf(result, "ModelTuning")[0]);
  expect(jobs).toHaveLength(2);
  for (const { hyperparameters } of jobs) {
    expect(Number(hyperparameters.aim)).toBeGreaterThanOrEqual(0.6);
    expect(Number(hyperparameters.aim)).toBeLessThanOrEqual(0.65);
  }
});

it("trains once if the input switches it off, with any hyperparameter", async () => {
  const result = await workflow.run({ Tuning: false, HyperParameters: { aim: 0.5 } });
  expect(failureOf(result)).toEqual(succeeded);
  const report = executionOutput(result);
  expect(report.Metrics.score).toBeCloseTo(0.96);
  expect(report.Tuning).toEqual({});
  expect(jobsOf(result, "ModelTraining")).toEqual([report.TrainingJobName]);
  expect(states(result)).not.toContain("ModelTuning");
});

it("starts with the search, with the data of an earlier execution", async () => {
  const ProcessingJobName = executionOutput(await workflow.run({ Tuning: false })).ProcessingJobName;
  const From = { State: "ModelTraining", ProcessingJobName };
  const result = await workflow.run({ From, Tuning: { MaxJobs: 1 } });
  expect(failureOf(result)).toEqual(succeeded);
  expect(executionOutput(result).Tuning?.JobName).toBe(jobsOf(result, "ModelTuning")[0]);
  expect(states(result)).not.toContain("DataPreprocessing");
});

it("goes on with the best of a tuning job that is stopped", async () => {
  const ranges = {
    aim: { kind: "categorical", values: [0.5, 0.6] },
    behave: { kind: "categorical", values: ["well", "hang"] },
  } as const;
  const stopped = smallWorkflow("stopped", { ...smallTuning, tuning: { ranges, strategy: "grid" } });
  const deployed = await cloud.deploy(stopped);
  await deployed.upload("raw-data/data.csv", "1\n");
  const run = deployed.run();
  const environment = { aws: cloud.aws, workflow: stopped };
  const finished = async () => {
    // There is none at first.
    const found = await readTuningRun(environment).catch(() => undefined);
    const measured = found?.jobs.filter(({ objective }) => objective !== undefined).length;
    return measured === 2 && found?.jobs.length === 4 ? found : undefined;
  };
  // Two of the four jobs hang, and hold both places.
  await until(async () => (await finished()) !== undefined);
  const { name } = (await finished()) as TuningRun;
  await cloud.aws
    .sagemaker()
    .send(new StopHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }));
  const result = await run;
  expect(failureOf(result)).toEqual(succeeded);
  const report = executionOutput(result);
  expect(report.Metrics.score).toBeCloseTo(0.99);
  expect(report.Tuning).toEqual({ JobName: name, HyperParameters: { aim: "0.6", behave: "well" } });
  const { status, jobs } = await readTuningRun(environment);
  expect([status, ...jobs.map((job) => job.status)]).toEqual([
    "Stopped",
    "Completed",
    "Completed",
    "Stopped",
    "Stopped",
  ]);
});

it("refuses an input outside the deployed bounds before it starts anything", async () => {
  const trainingJobs = async () => {
    const { TrainingJobSummaries = [] } = await cloud.aws.sagemaker().send(new ListTrainingJobsCommand({}));
    return TrainingJobSummaries.length;
  };
  const before = await trainingJobs();
  const { error, cause } = failureOf(await workflow.run({ Tuning: { MaxJobs: 5 } }));
  expect([error, cause]).toEqual([
    "InvalidInput",
    {
      state: "CheckInput",
      reason:
        'Tuning must be false, or an object with MaxJobs, a whole number from 1 to 4, and Ranges, each with two values or more within the deployed ones: aim 0 to 1, got {"MaxJobs":5}',
    },
  ]);
  expect(await trainingJobs()).toBe(before);
});

it("fails by the name of the tuning job if no training job succeeds", async () => {
  const result = await workflow.run({ HyperParameters: { behave: "fail" } });
  const { error, cause } = failureOf(result);
  expect([error, cause]).toEqual([
    "TuningJobFailed",
    expect.objectContaining({
      state: "ModelTuning",
      job: jobsOf(result, "ModelTuning")[0],
      reason: expect.stringMatching(/^No training job succeeded after 4 attempts/),
    }),
  ]);
  const { jobs } = await tuningRun(jobsOf(result, "ModelTuning")[0]);
  expect(jobs.map(({ status }) => status)).toEqual(["Failed", "Failed", "Failed", "Failed"]);
});
