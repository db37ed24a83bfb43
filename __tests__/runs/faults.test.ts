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
  const props = workflowProps("local");
  workflow = await cloud.deploy({
    ...props,
    processing: { ...props.processing, waitForCapacityInSeconds: 180 },
  });
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

  it("for want of capacity waits for the stated time, and then ends the run", async () => {
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
    // One attempt, and one after each of the waits of 60 and 120 s.
    expect(new Set(jobsOf(result, "DataPreprocessing")).size).toBe(3);
    expect(result.visits.flatMap(({ waitsFor = [] }) => waitsFor)).toEqual(
      Array(2).fill(
        "DataPreprocessing waits for capacity, up to 3 min in all: CapacityError: Unable to provision requested ML compute capacity.",
      ),
    );
  });
});

describe("a quota", () => {
  const refuses = (limit: number, used: number) => ({
    operation: "sagemaker:CreateProcessingJob",
    error: "ResourceLimitExceeded",
    message: `The account-level service limit 'ml.m5.large for processing job usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of 1 Instances.`,
  });

  it("that is used up is waited for", async () => {
    await cloud.inject({ ...refuses(1, 1), times: 2 });
    const result = await workflow.run(quick);
    expect(failureOf(result)).toEqual(succeeded);
    expect(result.visits.filter(({ name }) => name === "WaitForProcessingCapacity")).toHaveLength(2);
  });

  it("of no instance ends the run at once", async () => {
    await cloud.inject({ ...refuses(0, 0), times: 0 });
    const result = await workflow.run(quick);
    expect(failureOf(result)).toMatchObject({
      error: "ProcessingJobFailed",
      cause: { reason: expect.stringContaining("is 0 Instances") },
    });
    expect(jobsOf(result, "DataPreprocessing")).toHaveLength(1);
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
