/** A tuning of the smallest workflow: the best of its training jobs goes on, to a released model. */

import { DescribeModelPackageCommand, ListTrainingJobsCommand } from "@aws-sdk/client-sagemaker";
import type { ExecutionResult } from "../../cli/execution/execution";
import { executionOutput } from "../../cli/execution/report";
import { readTuningRun } from "../../cli/tuning/run";
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
