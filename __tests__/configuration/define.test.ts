import { type ConfigInput, defineConfig } from "../../configuration/define";

const folder = "python/scripts";
const base: ConfigInput = {
  environments: { local: { region: "us-east-1" }, prod: { region: "eu-west-1" } },
  workflow: {
    prefix: "wine",
    processing: { folder, entryPoint: "preprocessing.py" },
    training: { folder, entryPoint: "training.py" },
    inference: { folder, entryPoint: "inference.py" },
    gate: { metric: "accuracy", threshold: 0.9 },
  },
  testRun: { executionInput: {}, instances: [[1]] },
};

/** The base with other keys in one of its parts, whatever their types. */
function changed(part: keyof ConfigInput, more: object): ConfigInput {
  return { ...base, [part]: { ...base[part], ...more } };
}

it("lays everything that an environment says over the workflow's props", () => {
  const said = {
    region: "eu-west-1",
    sizes: { processing: { instanceType: "ml.m5.xlarge" }, training: { instanceCount: 2 } },
    endpoint: { kind: "instance" as const, instanceType: "ml.c5.large", initialInstanceCount: 2 },
    gate: { threshold: 0.95 },
    approval: "manual" as const,
    retention: { releases: 3 },
    rollbackAlarms: ["orders"],
    vpc: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
    tags: { team: "wine" },
  };
  const { workflowProps } = defineConfig(changed("environments", { prod: said }));
  expect(workflowProps("prod")).toEqual({
    ...base.workflow,
    environment: "prod",
    processing: { folder, entryPoint: "preprocessing.py", ...said.sizes.processing },
    training: { folder, entryPoint: "training.py", ...said.sizes.training },
    endpoint: said.endpoint,
    gate: { metric: "accuracy", threshold: 0.95 },
    approval: "manual",
    retainedReleases: 3,
    rollbackAlarms: ["orders"],
    vpc: said.vpc,
    tags: said.tags,
  });
  expect(workflowProps("local")).toMatchObject({ environment: "local", gate: { threshold: 0.9 }, tags: {} });
});

it("takes a workflow that differs by environment", () => {
  const { workflowProps } = defineConfig({
    ...base,
    workflow: (environment) => ({
      ...(base.workflow as ReturnType<Extract<ConfigInput["workflow"], (name: string) => unknown>>),
      timeoutSeconds: environment === "prod" ? 7200 : 3600,
    }),
  });
  expect([workflowProps("local"), workflowProps("prod")].map((props) => props.timeoutSeconds)).toEqual([
    3600, 7200,
  ]);
});

it("has no workflow of an environment that is not there", () => {
  expect(() => defineConfig(base).workflowProps("dev")).toThrow(
    "There is no environment dev; config.ts has local, prod",
  );
});

it.each<[string, keyof ConfigInput, object, string]>([
  [
    "a key of a job that is misspelt",
    "workflow",
    { processing: { folder, entrypoint: "a.py" } },
    "workflow.processing",
  ],
  [
    "a type that SageMaker cannot have",
    "workflow",
    { training: { folder, entryPoint: "training.py", instanceType: "m5" } },
    "must be a SageMaker instance type such as ml.m5.large, got m5\n  → at workflow.training.instanceType",
  ],
  [
    "a name that is no word",
    "workflow",
    { prefix: "my-wine" },
    "write it as one word\n  → in environment local, prod",
  ],
  [
    "an error that nobody says to be one",
    "workflow",
    { gate: { metric: "rmse", threshold: 1 } },
    "gate.better must be set",
  ],
  [
    "a folder that is not there",
    "workflow",
    { inference: { folder: "nowhere", entryPoint: "a.py" } },
    "The script folder nowhere of config.ts does not exist",
  ],
  [
    "an entry point that is not there",
    "workflow",
    { inference: { folder, entryPoint: "serve.py" } },
    `${folder} holds no serve.py; it holds`,
  ],
  [
    "a hyperparameter that is a list",
    "workflow",
    { training: { folder, entryPoint: "training.py", hyperparameters: { C: [0.5, 1] } } },
    "must be a string, a number, true or false, got [0.5,1]\n  → at workflow.training.hyperparameters.C",
  ],
  [
    "an expected label too few",
    "workflow",
    { smokeTest: { examples: [{ instances: [[1], [2]], expected: ["a"] }] } },
    "smokeTest.examples[0].expected must have one value for each of the 2 instances, got 1",
  ],
  [
    "an example without what is expected",
    "workflow",
    { smokeTest: { examples: [{ instances: [[1]] }] } },
    "workflow.smokeTest.examples[0]",
  ],
  [
    "an example with a range that is none",
    "workflow",
    { smokeTest: { examples: [{ instances: [[1]], low: 2, high: 1 }] } },
    "with low at most high, got 2 and 1",
  ],
  [
    "a range of no kind",
    "workflow",
    { tuning: { ranges: { C: { min: 1, max: 2 } } } },
    "workflow.tuning.ranges.C.kind",
  ],
  [
    "a range of a hyperparameter that is not declared",
    "workflow",
    { tuning: { ranges: { C: { kind: "continuous", min: 1, max: 2 } } } },
    "tuning.ranges must have hyperparameters that training.hyperparameters has (none), got C",
  ],
  [
    "an execution input that no execution takes",
    "testRun",
    { executionInput: { Thresold: 1 } },
    "testRun.executionInput",
  ],
  ["no instances", "testRun", { instances: [] }, "testRun.instances"],
  [
    "sample data that is not there",
    "testRun",
    { sampleData: "nowhere/data" },
    "testRun.sampleData must be a folder of this project, got nowhere/data",
  ],
  [
    "a misspelt key",
    "workflow",
    { trainig: {} },
    'Unknown key "trainig"; did you mean training?\n  → at workflow',
  ],
  [
    "misspelt keys far down",
    "environments",
    { prod: { region: "eu-west-1", endpoint: { kind: "serverless", maxConcurency: 1, burst: 2 } } },
    'Unknown key "maxConcurency"; did you mean maxConcurrency?, key "burst"\n  → at environments.prod.endpoint',
  ],
  ["a misspelt part", "testRun", { instnaces: [] }, 'Unknown key "instnaces"; did you mean instances?'],
  [
    "what one environment cannot have",
    "environments",
    {
      prod: {
        region: "eu-west-1",
        endpoint: { kind: "serverless" },
        vpc: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
      },
    },
    "in environment prod",
  ],
])("refuses %s, with its place", (_, part, more, message) => {
  expect(() => defineConfig(changed(part, more))).toThrow(message);
  expect(() => defineConfig(changed(part, more))).toThrow(/^config\.ts is invalid:\n✖ /);
});
