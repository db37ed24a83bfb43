/** Faults of the platform, which only the emulator makes at will. */

import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { testEndpoint } from "../../cli/execution/endpoint-test";
import { executionOutput } from "../../cli/execution/report";
import { testRun, workflowProps } from "../../configuration";
import { failureOf, jobsOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

let cloud: TestCloud;
let workflow: TestWorkflow;

const quick = { HyperParameters: { "n-estimators": 5 } };

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(workflowProps("local"));
  await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
});

afterAll(() => cloud?.stop());
afterEach(() => cloud.inject());

const serving = async (EndpointName = "housing-local") =>
  await cloud.aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));

describe("a job that fails", () => {
  it("by the service is run again under a new name", async () => {
    await cloud.inject({
      operation: "sagemaker:CreateTrainingJob",
      failureReason: "InternalServerError: We encountered an internal error. Please try again.",
    });
    const result = await workflow.run(quick);
    expect(failureOf(result)).toEqual(succeeded);
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
      cause: { reason: expect.stringMatching(/^CapacityError/) },
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
    expect(failureOf(await workflow.run(quick))).toEqual(succeeded);
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
    expect(failureOf(again)).toEqual(succeeded);
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
    expect(error).toBe("RolledBack");
    expect(cause.reason).toContain(`with the configuration ${before}`);
    expect(await testEndpoint(cloud.aws, "housing-local", testRun.instances)).toHaveLength(2);
  });
});
