/** Whole runs of the deployed definition: real jobs, a real model server, an emulated cloud. */

import {
  DescribeEndpointCommand,
  DescribeModelCommand,
  ListModelsCommand,
  ListTagsCommand,
} from "@aws-sdk/client-sagemaker";
import { testEndpoint } from "../../cli/endpoint-test";
import { executionOutput } from "../../cli/report";
import { testRun, workflowProps } from "../../config";
import { failureOf, jobsOf, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

jest.setTimeout(120_000);

let cloud: TestCloud;
let workflow: TestWorkflow;

/** Small forests: the runs are about the workflow. */
const quick = { HyperParameters: { "n-estimators": 5 } };

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(workflowProps("local"));
  await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
}, 600_000);

afterAll(() => cloud?.stop());
afterEach(() => cloud.inject());

const serving = async (EndpointName = "housing-local") =>
  await cloud.aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));

describe("a run", () => {
  it("ends with a model in service that answers, and reports it", async () => {
    const result = await workflow.run(quick);
    expect(result.description).toMatchObject({ status: "SUCCEEDED" });
    const report = executionOutput(result);
    expect(report).toMatchObject({
      EndpointName: "housing-local",
      Superseded: false,
      IgnoredInput: [],
      Gate: { Metric: "test_r2", Threshold: 0.7 },
      ModelDataUrl: expect.stringMatching(
        new RegExp(`model-artifacts/${report.TrainingJobName}/output/model.tar.gz$`),
      ),
      EvaluationUrl: expect.stringMatching(new RegExp(`${report.TrainingJobName}/output/evaluation.json$`)),
    });
    expect(report.Metrics).toMatchObject({ feature_count: 8, training_samples: 400 });
    expect(report.Gate.Value).toBeGreaterThan(0.7);
    const predictions = await testEndpoint(cloud.aws, report.EndpointName, testRun.instances);
    expect(predictions).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await serving()).toMatchObject({
      EndpointStatus: "InService",
      EndpointConfigName: report.EndpointConfigName,
    });
    const { ModelArn } = await cloud.aws
      .sagemaker()
      .send(new DescribeModelCommand({ ModelName: report.ModelName }));
    const { Tags } = await cloud.aws.sagemaker().send(new ListTagsCommand({ ResourceArn: ModelArn }));
    expect(Tags).toEqual(
      expect.arrayContaining([
        { Key: "environment", Value: "local" },
        { Key: "execution", Value: "run-1" },
      ]),
    );
  });

  it("updates the same endpoint, which keeps answering all the while", async () => {
    const before = (await serving()).EndpointConfigName;
    let running = true;
    const asking = (async () => {
      let answers = 0;
      for (; running; answers++) await testEndpoint(cloud.aws, "housing-local", testRun.instances);
      return answers;
    })();
    const result = await workflow.run(quick).finally(() => {
      running = false;
    });
    expect(result.description.status).toBe("SUCCEEDED");
    expect(result.visits.map(({ name }) => name)).toContain("UpdateEndpoint");
    expect(await asking).toBeGreaterThan(10);
    const now = (await serving()).EndpointConfigName;
    expect(now).toBe(executionOutput(result).EndpointConfigName);
    expect(now).not.toBe(before);
  });

  it("takes a recipe's input unchanged, its names inside ours", async () => {
    const result = await workflow.run({
      PreprocessingJobName: "Preprocessing-1700000000",
      TrainingJobName: "Training-1700000000",
      ModelName: "Model-1700000000",
      EndpointConfigName: "Endpoint-Config-1700000000",
      EndpointName: "Endpoint-1700000000",
      ModelDataUrl: "s3://bucket/model-artifacts/Training-1700000000/output/model.tar.gz",
    });
    expect(result.description.status).toBe("SUCCEEDED");
    expect(executionOutput(result)).toMatchObject({
      ProcessingJobName: expect.stringMatching(/^housing-local-prep-preprocessing-1700000000-/),
      TrainingJobName: expect.stringMatching(/^housing-local-train-training-1700000000-/),
      ModelName: expect.stringMatching(/^housing-local-model-model-1700000000-/),
      EndpointName: "housing-local-endpoint-1700000000",
      IgnoredInput: ["ModelDataUrl"],
    });
  });

  it("goes well beside another on the same endpoint", async () => {
    const results = await Promise.all([workflow.run(quick), workflow.run(quick)]);
    expect(results.map(failureOf).map(({ status, cause }) => [status, cause])).toEqual([
      ["SUCCEEDED", {}],
      ["SUCCEEDED", {}],
    ]);
    const asked = results.map((result) => executionOutput(result).EndpointConfigName);
    expect(asked).toContain((await serving()).EndpointConfigName);
  });
});

describe("a run that is refused", () => {
  it("by the gate deploys nothing and tells the metrics", async () => {
    const before = (await serving()).EndpointConfigName;
    const { error, cause } = failureOf(await workflow.run({ ...quick, Threshold: 0.9999 }));
    expect(error).toBe("ModelPerformanceInsufficient");
    expect(cause).toMatchObject({
      reason: expect.stringMatching(/^test_r2 is 0\.\d+, must be greater than 0\.9999$/),
      metrics: { test_r2: expect.any(Number), test_rmse: expect.any(Number) },
    });
    expect((await serving()).EndpointConfigName).toBe(before);
  });

  it.each([
    [{ Treshold: 0.5 }, "Unknown key Treshold"],
    [{ Threshold: "high" }, "Threshold must be a number, got high"],
    [{ Threshold: null }, "Threshold must be a number, got null"],
    [{ DataPrefix: "raw-data/nothing/" }, "There is no object under s3://"],
  ])("for its input %j starts no job", async (input, message) => {
    const result = await workflow.run(input);
    expect(failureOf(result)).toMatchObject({
      error: "InvalidInput",
      cause: { reason: expect.stringContaining(message) },
    });
    expect(jobsOf(result, "DataPreprocessing")).toEqual([]);
  });
});

describe("a job that fails", () => {
  it("in preprocessing by its own fault is not repeated, and the cause names file and column", async () => {
    await workflow.upload("raw-data/text/train.csv", housingCsv(20, 1).replace(/\n[\d.]+,/, "\nlots,"));
    await workflow.upload("raw-data/text/test.csv", housingCsv(20, 2));
    const result = await workflow.run({ DataPrefix: "raw-data/text/" });
    const { error, cause } = failureOf(result);
    expect(error).toBe("ProcessingJobFailed");
    expect(jobsOf(result, "DataPreprocessing")).toEqual([cause.job]);
    expect(cause.reason).toMatch(/train\.csv.*MedInc.*lots/s);
  });

  it("in training by its own fault is not repeated, and the cause is the script's", async () => {
    const result = await workflow.run({ HyperParameters: { "n-estimators": "many" } });
    const { error, cause } = failureOf(result);
    expect(error).toBe("TrainingJobFailed");
    expect(jobsOf(result, "ModelTraining")).toEqual([cause.job]);
    expect(cause.reason).toMatch(/^AlgorithmError: .*n-estimators.*many/s);
  });

  it("by the service is run again under a new name", async () => {
    await cloud.inject({
      operation: "sagemaker:CreateTrainingJob",
      failureReason: "InternalServerError: We encountered an internal error. Please try again.",
    });
    const result = await workflow.run(quick);
    expect(result.description.status).toBe("SUCCEEDED");
    const jobs = jobsOf(result, "ModelTraining");
    expect(jobs).toHaveLength(2);
    expect(executionOutput(result).TrainingJobName).toBe(jobs[1]);
  });

  it("for want of capacity ends after three attempts", async () => {
    await cloud.inject({
      operation: "sagemaker:CreateProcessingJob",
      failureReason: "CapacityError: Unable to provision requested ML compute capacity.",
      times: 0,
    });
    const result = await workflow.run(quick);
    expect(failureOf(result)).toMatchObject({
      error: "ProcessingJobFailed",
      cause: { reason: /^CapacityError/ },
    });
    expect(new Set(jobsOf(result, "DataPreprocessing")).size).toBe(3);
  });
});

describe("a call that is throttled", () => {
  it.each(["CreateModel", "CreateTrainingJob", "UpdateEndpoint"])("%s is made again", async (operation) => {
    await cloud.inject({
      operation: `sagemaker:${operation}`,
      error: "ThrottlingException",
      message: "Rate exceeded",
      times: 2,
    });
    expect((await workflow.run(quick)).description.status).toBe("SUCCEEDED");
  });
});

describe("an endpoint that fails", () => {
  it("at first ends the run, and a later run recovers it", async () => {
    const input = { ...quick, EndpointName: "fragile" };
    await cloud.inject({
      operation: "sagemaker:CreateEndpoint",
      failureReason: "The primary container did not pass the ping health check.",
    });
    expect(failureOf(await workflow.run(input))).toMatchObject({
      error: "DeploymentFailed",
      cause: { reason: expect.stringContaining("did not pass the ping health check") },
    });
    expect(await serving("housing-local-fragile")).toMatchObject({ EndpointStatus: "Failed" });
    const again = await workflow.run(input);
    expect(again.description.status).toBe("SUCCEEDED");
    expect(again.visits.map(({ name }) => name)).toContain("DeleteFailedEndpoint");
    expect(await serving("housing-local-fragile")).toMatchObject({ EndpointStatus: "InService" });
  });

  it("in an update is left on what served before, and the run says so", async () => {
    const before = (await serving()).EndpointConfigName;
    await cloud.inject({
      operation: "sagemaker:UpdateEndpoint",
      failureReason: "The primary container did not start.",
    });
    const { error, cause } = failureOf(await workflow.run(quick));
    expect(error).toBe("DeploymentFailed");
    expect(cause.reason).toContain(`with the configuration ${before}`);
    expect(await testEndpoint(cloud.aws, "housing-local", testRun.instances)).toHaveLength(2);
  });
});

describe("all these runs", () => {
  it("have left nothing outside the workflow's own names", async () => {
    const { Models = [] } = await cloud.aws.sagemaker().send(new ListModelsCommand({}));
    expect(Models.length).toBeGreaterThan(5);
    for (const { ModelName } of Models) expect(ModelName).toMatch(/^housing-local-model-/);
  });
});
