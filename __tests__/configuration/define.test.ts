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

it.each<[string, keyof ConfigInput, object, string | RegExp]>([
  [
    "a key of a job that is misspelt",
    "workflow",
    { processing: { folder, entrypoint: "a.py" } },
    "workflow.processing",
  ],
  [
    "a cache that is neither off nor has an age",
    "workflow",
    { cache: true },
    "must be false, or { maxAgeInDays } with a number of whole days or null, got true\n  → at workflow.cache",
  ],
  [
    "results that expire at once",
    "workflow",
    { cache: { maxAgeInDays: 0 } },
    "got 0\n  → at workflow.cache.maxAgeInDays",
  ],
  [
    "a type that SageMaker cannot have",
    "workflow",
    { training: { folder, entryPoint: "training.py", instanceType: "m5" } },
    "must be a SageMaker instance type such as ml.m5.large, got m5\n  → at workflow.training.instanceType",
  ],
  [
    "a type that is misspelt",
    "workflow",
    { training: { folder, entryPoint: "training.py", instanceType: "ml.m5.larg" } },
    "got ml.m5.larg; did you mean ml.m5.large?\n  → at workflow.training.instanceType",
  ],
  [
    "an account that is none",
    "environments",
    { prod: { region: "eu-west-1", account: "11112222333" } },
    'must be 12 digits, got "11112222333"\n  → at environments.prod.account',
  ],
  [
    "a name that is no word",
    "workflow",
    { prefix: "my-wine" },
    "write it as one word\n  → at workflow.prefix",
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
    "inference: the script folder nowhere does not exist or cannot be read: correct its path\n  → at workflow.inference",
  ],
  [
    "an entry point that is not there",
    "workflow",
    { inference: { folder, entryPoint: "serve.py" } },
    /inference: the script folder python\/scripts has no serve\.py; it has .*\n {2}→ at workflow\.inference$/,
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
    "a script folder that is misspelt",
    "workflow",
    { inference: { folder: "python/script", entryPoint: "inference.py" } },
    "correct its path; did you mean python/scripts?",
  ],
  [
    "an entry point that is misspelt",
    "workflow",
    { training: { folder, entryPoint: "trainng.py" } },
    "; did you mean training.py?",
  ],
  [
    "an execution input that no execution takes",
    "testRun",
    { executionInput: { Thresold: 1 } },
    "testRun.executionInput",
  ],
  [
    "an execution input that is misspelt",
    "testRun",
    { executionInput: { Thresold: 1 } },
    'Unknown key "Thresold"; did you mean Threshold?',
  ],
  [
    "no instances",
    "testRun",
    { instances: [] },
    "must be a list of at least 1 entries, got []\n  → at testRun.instances",
  ],
  [
    "a region that is missing",
    "environments",
    { prod: {} },
    "must be set to an AWS region such as us-east-1\n  → at environments.prod.region",
  ],
  [
    "a name that no environment can have",
    "environments",
    { Prod_1: { region: "eu-west-1" } },
    "an environment's name must be 1 to 10 lower-case letters and digits\n  → at environments.Prod_1",
  ],
  [
    "what is neither of two objects",
    "workflow",
    { image: { repo: "a" } },
    'must be { repository, tag } or { uri }, got {"repo":"a"}\n  → at workflow.image',
  ],
  [
    "a text for a number",
    "workflow",
    { gate: { metric: "accuracy", threshold: "0.9" } },
    'must be a number, got "0.9"\n  → at workflow.gate.threshold',
  ],
  [
    "a number below the least",
    "workflow",
    { timeoutSeconds: 0 },
    "must be more than 0, got 0\n  → at workflow.timeoutSeconds",
  ],
  [
    "half a second",
    "workflow",
    { timeoutSeconds: 0.5 },
    "must be a whole number, got 0.5\n  → at workflow.timeoutSeconds",
  ],
  [
    "a choice that is misspelt",
    "workflow",
    { approval: "manuel" },
    'must be one of automatic, manual, got "manuel"; did you mean manual?\n  → at workflow.approval',
  ],
  [
    "a kind that is misspelt",
    "workflow",
    { endpoint: { kind: "serverles" } },
    'got "serverles"; did you mean serverless?\n  → at workflow.endpoint.kind',
  ],
  [
    "sample data that is not there",
    "testRun",
    { sampleData: "nowhere/data" },
    "there is no folder nowhere/data\n  → at testRun.sampleData",
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
    "→ at environments.prod",
  ],
])("refuses %s, with its place", (_, part, more, message) => {
  expect(() => defineConfig(changed(part, more))).toThrow(message);
  expect(() => defineConfig(changed(part, more))).toThrow(/^config\.ts is invalid:\n✖ /);
});

it("refuses a configuration without an environment, or without a workflow", () => {
  expect(() => defineConfig({ ...base, environments: {} })).toThrow(
    "must have an environment: add local, which is the emulator\n  → at environments",
  );
  const { workflow: _, ...rest } = base;
  expect(() => defineConfig(rest as ConfigInput)).toThrow(
    "must be set: an object or a function\n  → at workflow",
  );
});
