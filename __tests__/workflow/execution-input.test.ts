import { jsonata } from "../../workflow/asl/jsonata";
import { executionInputKeys, inputProblems } from "../../workflow/execution-input";
import { evaluate } from "./evaluate";

const rules = {
  dataPrefix: "raw-data/",
  hyperparameters: ["n-estimators", "max-depth"],
  baseName: "housing-dev",
};
const problems = (input: unknown) => evaluate(inputProblems(jsonata`$input0`, rules), {}, { input0: input });

const recipe = {
  PreprocessingJobName: "preprocessing-1700000000",
  TrainingJobName: "training-1700000000",
  ModelName: "model-1700000000",
  EndpointConfigName: "endpoint-config-1700000000",
  EndpointName: "endpoint-1700000000",
  ModelDataUrl: "s3://bucket/model-artifacts/training-1700000000/output/model.tar.gz",
};

const ProcessingJobName = "housing-dev-prep-run-1-0a1b2c3d-1-0";
const TrainingJobName = "housing-dev-train-run-1-0a1b2c3d-1-0";

describe("the check of the execution input", () => {
  it.each([
    {},
    recipe,
    { Threshold: 0 },
    { EndpointName: "serverlessly" },
    { EndpointName: "not-serverless" },
    { Threshold: -1.5, DataPrefix: "raw-data/2026/" },
    { Cache: false },
    { Cache: true },
    { Reason: { Kind: "drift", Why: "w".repeat(500), DecidedBy: "run-1" } },
    { HyperParameters: {} },
    { HyperParameters: { "n-estimators": 10, "max-depth": "none" } },
    { From: { State: "ModelTraining", ProcessingJobName } },
    { From: { State: "ModelEvaluation", ProcessingJobName, TrainingJobName } },
  ])("accepts %j", async (input) => {
    expect(await problems(input)).toEqual([]);
  });

  it.each([
    ...[
      7,
      {},
      { Kind: "mood", Why: "x" },
      { Kind: ["drift", "data"], Why: "x" },
      { Kind: "drift", Why: "" },
      { Kind: "drift", Why: ["x"] },
      { Kind: "drift", Why: "w".repeat(501) },
      { Kind: "drift", Why: "x", Who: "me" },
    ].map((Reason): [object, string] => [
      { Reason },
      "Reason must be an object with Kind (manual, schedule, ",
    ]),
    [{ Treshold: 1 }, "The keys must be among PreprocessingJobName"],
    [{ Cache: "no" }, "Cache must be true or false, got no"],
    [{ Threshold: "high" }, "Threshold must be a number, got high"],
    [{ Threshold: null }, "Threshold must be a number, got null"],
    [{ Threshold: [0.7] }, "Threshold must be a number, got [0.7]"],
    [{ ModelName: 7 }, "ModelName must be a string of at most 256 characters with a letter or digit, got 7"],
    [{ ModelName: "..." }, "ModelName must be a string of at most 256 characters with a letter or digit"],
    [{ ModelName: "a".repeat(257) }, "ModelName must be a string"],
    [{ EndpointName: "" }, "EndpointName must be a string"],
    [{ EndpointName: "serverless" }, "neither serverless nor beginning with serverless-, got serverless"],
    [{ EndpointName: "_Serverless" }, "EndpointName must be a string"],
    [{ EndpointName: "serverless test" }, "EndpointName must be a string"],
    [{ ModelDataUrl: {} }, "ModelDataUrl must be a string, got {}"],
    [{ DataPrefix: "elsewhere/" }, "DataPrefix must be a string that starts with raw-data/ and ends with /"],
    [{ DataPrefix: "raw-data" }, "DataPrefix must be a string that starts with raw-data/ and ends with /"],
    [{ HyperParameters: [1] }, "HyperParameters must be an object"],
    [
      { HyperParameters: { "max-depth": null } },
      "HyperParameters must be an object of strings, numbers and booleans",
    ],
    [{ HyperParameters: { "max-dept": 3 } }, "under the names n-estimators, max-depth, got"],
  ])("refuses %j by name", async (input, message) => {
    expect(await problems(input)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    "ModelTraining",
    [],
    {},
    { State: 7, ProcessingJobName },
    { State: "ModelTraining" },
    { State: "RegisterModel", ProcessingJobName, TrainingJobName },
    { State: "ModelEvaluation", ProcessingJobName },
    { State: "ModelTraining", ProcessingJobName, TrainingJobName },
    { State: "ModelTraining", ProcessingJobName: "housing-prod-prep-run-1" },
    { State: "ModelTraining", ProcessingJobName: TrainingJobName },
    { State: "ModelTraining", ProcessingJobName: "housing-dev-prep-/../other" },
    { State: "ModelTraining", ProcessingJobName: [ProcessingJobName] },
  ])("refuses to start from %j", async (From) => {
    const message = expect.stringContaining("From must be an object with State (ModelTraining or ");
    expect(await problems({ From })).toEqual([message]);
  });

  it.each(["text", 7, null, ["a"], []])("refuses %j, which is no object", async (input) => {
    expect(await problems(input)).toEqual([expect.stringContaining("must be a JSON object")]);
  });

  it("tells every problem at once", async () => {
    const wrong = Object.fromEntries(executionInputKeys.map((key) => [key, null]));
    expect(await problems({ ...wrong, more: 1 })).toHaveLength(executionInputKeys.length + 1);
  });

  it("tells the first fourteen problems of many, those of keys that it knows first", async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`unknown${i}`, i]));
    const told = (await problems({ ...many, Threshold: "high" })) as string[];
    expect(told).toHaveLength(15);
    expect(told[0]).toBe("Threshold must be a number, got high");
    expect(told[1]).toMatch(/^The keys must be among .*, got unknown0$/);
    expect(told[14]).toBe("and 4987 more");
  });

  it.each([
    "x".repeat(200_000),
    { ["k".repeat(200_000)]: 1 },
    { ModelName: "x".repeat(200_000) },
    { Threshold: "x".repeat(200_000) },
    { HyperParameters: { ["k".repeat(100_000)]: "x".repeat(100_000) } },
    Object.fromEntries(executionInputKeys.map((key) => [key, ["\u0001".repeat(20_000)]])),
  ])("shows little of what is large (input %#)", async (input) => {
    const told = (await problems(input)) as string[];
    expect(told.join("; ").length).toBeLessThan(6000);
  });

  it.each(["ſ", "ß", "\u212a", "İ"])(
    "needs a letter or digit that stays one: %s has none",
    async (ModelName) => {
      expect(await problems({ ModelName })).toHaveLength(1);
    },
  );
});
