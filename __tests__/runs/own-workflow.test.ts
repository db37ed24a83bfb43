/** Someone else's model and data, through props only: no file of ours is edited. */

import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { testEndpoint } from "../../cli/execution/endpoint-test";
import { executionOutput } from "../../cli/execution/report";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";

const folder = "__tests__/runs/own-workflow";
let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy({
    prefix: "points",
    environment: "test",
    processing: { folder, entryPoint: "split.py", arguments: ["--every", "3"] },
    training: { folder, entryPoint: "fit.py", hyperparameters: { C: 2.5 }, metrics: ["accuracy"] },
    inference: { folder, entryPoint: "serve.py" },
    gate: { metric: "accuracy", threshold: 0.9 },
    data: { prefix: "points/" },
    endpoint: { variantName: "only" },
  });
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 10},${i % 7},${i % 10 < 5 ? "left" : "right"}`);
  await workflow.upload("points/points.csv", rows.join("\n"));
});

afterAll(() => cloud?.stop());

it("trains, passes its own gate and serves its own answers", async () => {
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  expect(executionOutput(result)).toMatchObject({
    EndpointName: "points-test",
    Gate: { Metric: "accuracy" },
  });
  const { Body, InvokedProductionVariant } = await cloud.aws.runtime().send(
    new InvokeEndpointCommand({
      EndpointName: "points-test",
      ContentType: "application/json",
      Body: JSON.stringify({
        points: [
          [1, 1],
          [9, 1],
        ],
      }),
    }),
  );
  expect(JSON.parse(Body?.transformToString() ?? "")).toEqual({ labels: ["left", "right"] });
  expect(InvokedProductionVariant).toBe("only");
});

it("is shown file and line of its own script when it fails to answer", async () => {
  // No "points": the script's own KeyError.
  await expect(testEndpoint(cloud.aws, "points-test", [[1, 1]])).rejects.toThrow(
    /^The endpoint points-test did not respond: status 500 [\s\S]*endpoint's log:\n {4}Traceback[^\n]*\n {6}File "\/opt\/ml\/code\/serve\.py", line 14, in input_fn\n[^\n]*\n {4}KeyError: 'points'$/,
  );
});

it("takes hyperparameters only under its own names", async () => {
  const { error, cause } = failureOf(await workflow.run({ HyperParameters: { "n-estimators": 5 } }));
  expect([error, cause.reason]).toEqual(["InvalidInput", expect.stringContaining("under the names C,")]);
});

it("is told when the emulator has no Python environment for its image", async () => {
  const scripts = { folder, entryPoint: "split.py" };
  const unmapped = await cloud.deploy({
    prefix: "boosted",
    environment: "test",
    processing: scripts,
    training: scripts,
    inference: scripts,
    gate: { metric: "accuracy", threshold: 0.9 },
    image: { repository: "sagemaker-xgboost", tag: "1.7-1" },
  });
  await unmapped.upload("raw-data/points.csv", "1,1,left");
  const { error, cause } = failureOf(await unmapped.run());
  expect([error, cause.reason]).toEqual([
    "ProcessingJobFailed",
    expect.stringMatching(/sagemaker-xgboost:1\.7-1; known images: .*python\/locks\/images\.json/),
  ]);
});
