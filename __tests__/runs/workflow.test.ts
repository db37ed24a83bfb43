/** Whole runs of the deployed definition, in the emulator or, where WORKFLOW_TEST_ENV names an environment, on AWS. */

import { DescribeEndpointCommand, DescribeModelCommand, ListTagsCommand } from "@aws-sdk/client-sagemaker";
import { testEndpoint } from "../../cli/execution/endpoint-test";
import { executionOutput } from "../../cli/execution/report";
import { testRun, workflowProps } from "../../configuration";
import { failureOf, jobsOf, succeeded, TestCloud, TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

const env = process.env.WORKFLOW_TEST_ENV;
if (env !== undefined) jest.setTimeout(3_600_000);

let cloud: TestCloud | undefined;
let workflow: TestWorkflow;
let endpointName: string;

/** Small forests, on data and an endpoint of the tests' own; a deployed workflow may know their results. */
const quick = {
  Cache: false,
  HyperParameters: { "n-estimators": 5 },
  DataPrefix: "raw-data/workflow-tests/",
  EndpointName: "workflow-tests",
};

beforeAll(async () => {
  if (env === undefined) {
    cloud = await TestCloud.start();
    workflow = await cloud.deploy(workflowProps("local"));
    await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
    await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
  } else {
    workflow = await TestWorkflow.deployedTo(env);
  }
  endpointName = `${workflow.baseName}-workflow-tests`;
  await workflow.upload("raw-data/workflow-tests/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/workflow-tests/test.csv", housingCsv(100, 2));
});

afterAll(async () => {
  await workflow?.deleteEndpoint(endpointName);
  await cloud?.stop();
});

const serving = async (EndpointName = endpointName) =>
  await workflow.aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));

describe("a run", () => {
  it("ends with a model in service that answers, and reports it", async () => {
    const result = await workflow.run(quick);
    expect(failureOf(result)).toEqual(succeeded);
    const report = executionOutput(result);
    expect(report).toMatchObject({
      EndpointName: endpointName,
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
    const predictions = await testEndpoint(workflow.aws, report.EndpointName as string, testRun.instances);
    expect(predictions).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await serving()).toMatchObject({
      EndpointStatus: "InService",
      EndpointConfigName: report.EndpointConfigName,
    });
    const { ModelArn } = await workflow.aws
      .sagemaker()
      .send(new DescribeModelCommand({ ModelName: report.ModelName }));
    const { Tags } = await workflow.aws.sagemaker().send(new ListTagsCommand({ ResourceArn: ModelArn }));
    expect(Tags).toEqual(
      expect.arrayContaining([
        { Key: "environment", Value: env ?? "local" },
        { Key: "execution", Value: result.description.name },
      ]),
    );
  });

  it("updates the same endpoint, which keeps answering all the while", async () => {
    const before = (await serving()).EndpointConfigName;
    let running = true;
    const asking = (async () => {
      let answers = 0;
      for (; running; answers++) await testEndpoint(workflow.aws, endpointName, testRun.instances);
      return answers;
    })();
    const result = await workflow.run(quick).finally(() => {
      running = false;
    });
    expect(failureOf(result)).toEqual(succeeded);
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
      // Not the recipe's: the names are those of jobs that run.
      Cache: false,
    });
    expect(failureOf(result)).toEqual(succeeded);
    expect(executionOutput(result)).toMatchObject({
      ProcessingJobName: expect.stringMatching(/^housing-\w+-prep-preprocessing-1700000000-/),
      TrainingJobName: expect.stringMatching(/^housing-\w+-train-training-1700000000-/),
      ModelName: expect.stringMatching(/^housing-\w+-model-model-1700000000-/),
      EndpointName: `${workflow.baseName}-endpoint-1700000000`,
      IgnoredInput: ["ModelDataUrl"],
    });
    await workflow.deleteEndpoint(`${workflow.baseName}-endpoint-1700000000`);
  });

  it("goes well beside another on the same endpoint", async () => {
    const results = await Promise.all([workflow.run(quick), workflow.run(quick)]);
    expect(results.map(failureOf)).toEqual([succeeded, succeeded]);
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
    [{ Treshold: 0.5 }, "HyperParameters, From, Reason, got Treshold"],
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
});
