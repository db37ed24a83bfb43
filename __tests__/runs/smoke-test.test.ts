/** What a model in service is asked before its release ends, the way back, and what a release leaves behind. */

import {
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListEndpointConfigsCommand,
  ListModelsCommand,
} from "@aws-sdk/client-sagemaker";
import { executionOutput } from "../../cli/execution/report";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallWorkflow } from "./small-workflow";

const props = smallWorkflow("smoke", {
  smokeTest: { examples: [{ instances: [[1]], low: 0, high: 100 }] },
  retainedReleases: 2,
});
const absurd = { HyperParameters: { behave: "absurd" } };
const failing = { HyperParameters: { behave: "failing" } };

let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
});

afterAll(() => cloud?.stop());
afterEach(() => cloud.inject());

async function endpoint(EndpointName = "smoke-test") {
  return await cloud.aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));
}

async function names() {
  const sagemaker = cloud.aws.sagemaker();
  const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand({}));
  const { Models = [] } = await sagemaker.send(new ListModelsCommand({}));
  return {
    configs: EndpointConfigs.map(({ EndpointConfigName }) => EndpointConfigName),
    models: Models.map(({ ModelName }) => ModelName),
  };
}

it("a first model that answers absurdly leaves nothing in service", async () => {
  const { error, cause } = failureOf(await workflow.run(absurd));
  expect([error, cause]).toEqual([
    "RolledBack",
    expect.objectContaining({
      state: "SmokeTest",
      endpoint: "smoke-test",
      reason: "example 1: instance 1: the prediction must be from 0 to 100, got 1000000.0",
      servingConfigName: "none",
    }),
  ]);
  await expect(endpoint()).rejects.toThrow("Could not find");
});

it("a model that answers as expected stays in service", async () => {
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  expect(executionOutput(result)).toMatchObject({ Superseded: false, Warnings: [] });
});

it.each([
  ["answers absurdly", absurd, /must be from 0 to 100/],
  ["does not answer", failing, /this model answers nothing|error \(500\)/],
])("a model that %s is replaced by the one before", async (_, input, reason) => {
  const before = (await endpoint()).EndpointConfigName;
  const { error, cause } = failureOf(await workflow.run(input));
  expect(error).toBe("RolledBack");
  expect(cause).toMatchObject({ reason: expect.stringMatching(reason), servingConfigName: before });
  expect(cause.rejectedConfigName).not.toBe(before);
  expect(await endpoint()).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: before });
});

it("a model that could not be tested does not stay, either", async () => {
  const before = (await endpoint()).EndpointConfigName;
  await cloud.inject({
    operation: "lambda:InvokeFunction",
    match: "*-smoke-test*",
    error: "AccessDeniedException",
    message: "not this function",
    times: 0,
  });
  const { error, cause } = failureOf(await workflow.run());
  expect([error, cause.state]).toEqual(["RolledBack", "SmokeTest"]);
  expect((await endpoint()).EndpointConfigName).toBe(before);
});

it("says so when the way back is shut", async () => {
  const { EndpointConfigName } = await endpoint();
  const sagemaker = cloud.aws.sagemaker();
  const config = { EndpointConfigName };
  const { ProductionVariants } = await sagemaker.send(new DescribeEndpointConfigCommand(config));
  await sagemaker.send(new DeleteEndpointConfigCommand(config));
  const { error, cause } = failureOf(await workflow.run(absurd));
  expect([error, cause.rollback]).toEqual([
    "RollbackFailed",
    expect.stringContaining("Could not find endpoint configuration"),
  ]);
  expect(failureOf(await workflow.run())).toEqual(succeeded);
  // No configuration leads a release to this model any more.
  await sagemaker.send(new DeleteModelCommand({ ModelName: ProductionVariants?.[0]?.ModelName }));
});

it("keeps the two newest releases, what serves elsewhere, and their models", async () => {
  const kept = executionOutput(await workflow.run({ EndpointName: "old" }));
  const outputs = [];
  for (let run = 0; run < 3; run++) outputs.push(executionOutput(await workflow.run()));
  const expected = [kept, ...outputs.slice(1)];
  const { configs, models } = await names();
  expect(configs.sort()).toEqual(expected.map(({ EndpointConfigName }) => EndpointConfigName).sort());
  expect(models.sort()).toEqual(expected.map(({ ModelName }) => ModelName).sort());
});

it("succeeds with a warning where earlier releases cannot be removed", async () => {
  await cloud.inject({
    operation: "sagemaker:DeleteEndpointConfig",
    error: "ValidationException",
    message: "still needed",
    times: 0,
  });
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  expect(executionOutput(result).Warnings).toEqual([
    expect.stringMatching(/^Earlier releases were not removed: RemoveConfigs: .*still needed/),
  ]);
});
