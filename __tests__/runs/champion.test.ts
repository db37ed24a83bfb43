/** A new model against the one that serves: only what is better beyond noise takes its place. */

import { workflowProps } from "../../config";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

jest.setTimeout(180_000);

let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  const comparison = {
    folder: "python/scripts",
    entryPoint: "comparison.py",
    arguments: ["--resamples", "200"],
  };
  workflow = await cloud.deploy({ ...workflowProps("local"), prefix: "champion", comparison });
  await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/test.csv", housingCsv(200, 2));
}, 600_000);

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
