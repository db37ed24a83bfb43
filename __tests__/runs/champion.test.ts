/** A new model against the one that serves: only what is better beyond noise takes its place. */

import { GetObjectCommand } from "@aws-sdk/client-s3";
import { environmentConfig } from "../../cli/account/environment";
import { objectAt } from "../../cli/account/objects";
import { executionOutput } from "../../cli/execution/report";
import { comparisonReport, listVersions } from "../../cli/registry/model-versions";
import { workflowProps } from "../../configuration";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

let cloud: TestCloud;
let workflow: TestWorkflow;
/** The same, by a metric that is better the smaller it is. */
let byError: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  const comparison = {
    folder: "python/scripts",
    entryPoint: "comparison.py",
    arguments: ["--resamples", "200"],
  };
  const props = { ...workflowProps("local"), comparison };
  workflow = await cloud.deploy({ ...props, prefix: "champion" });
  const gate = { metric: "test_rmse", threshold: 5, better: "smaller" } as const;
  byError = await cloud.deploy({ ...props, prefix: "error", gate });
  for (const deployed of [workflow, byError]) {
    await deployed.upload("raw-data/train.csv", housingCsv(400, 1));
    await deployed.upload("raw-data/test.csv", housingCsv(200, 2));
  }
});

afterAll(() => cloud?.stop());

const trees = (count: number) => ({ HyperParameters: { "n-estimators": count, "max-depth": 12 } });

it("lets the first model pass by the threshold: there is no champion", async () => {
  expect(
    failureOf(await workflow.run({ HyperParameters: { "n-estimators": 1, "max-depth": 4 }, Threshold: 0 })),
  ).toEqual(succeeded);
});

it("lets a clearly better model take its place", async () => {
  expect(failureOf(await workflow.run(trees(60)))).toEqual(succeeded);
});

it("refuses a model that is not better beyond noise, and says by how much", async () => {
  const { error, cause } = failureOf(await workflow.run(trees(60)));
  expect([error, cause.reason]).toEqual([
    "ModelPerformanceInsufficient",
    expect.stringMatching(/over the champion .* improves by .*, which must be greater than 0/),
  ]);
});

it("shows where the report of the comparison lies", async () => {
  const { aws, baseName } = workflow;
  const props = { ...workflowProps("local"), prefix: "champion" };
  const environment = { name: "local", config: environmentConfig("local"), aws, baseName, workflow: props };
  const [newest] = await listVersions(environment);
  const url = newest && (await comparisonReport(environment, newest));
  expect(url).toMatch(/\/model-artifacts\/champion-local-train-[^/]+\/comparison\/report\.html$/);
  const { Body } = await aws.s3().send(new GetObjectCommand(objectAt(url as string)));
  expect(await Body?.transformToString()).toContain("<title>Challenger and champion</title>");
});

describe("where a smaller value is better", () => {
  it("refuses what is not below the threshold", async () => {
    const { error, cause } = failureOf(await byError.run({ ...trees(5), Threshold: 0.0001 }));
    expect([error, cause.reason]).toEqual([
      "ModelPerformanceInsufficient",
      expect.stringMatching(/^test_rmse is [\d.]+, must be smaller than 0\.0001$/),
    ]);
  });

  it("lets pass what is below it, and then what is better than that beyond noise", async () => {
    const weak = { HyperParameters: { "n-estimators": 1, "max-depth": 4 } };
    expect(failureOf(await byError.run(weak))).toEqual(succeeded);
    const better = await byError.run(trees(60));
    expect(failureOf(better)).toEqual(succeeded);
    expect(executionOutput(better).Gate).toMatchObject({ Metric: "test_rmse", Better: "smaller" });
    expect(failureOf(await byError.run(weak))).toMatchObject({ error: "ModelPerformanceInsufficient" });
  });
});
