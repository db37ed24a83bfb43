import { workflowProps } from "../../configuration";
import type { ChoiceState, TaskState } from "../../workflow/asl/states";
import { workflowDefinition } from "../../workflow/definition";
import { resultsCacheFunction } from "../../workflow/functions";
import { workflowSettings } from "../../workflow/props";
import { sageMakerRoles } from "../../workflow/roles";
import { cachedKinds, cacheStates, instancesOf } from "../../workflow/steps/cache";
import { references, tuning, workflow } from "../fixtures";
import { context, evaluate } from "./evaluate";

const { definition, policyStatements } = workflowDefinition(workflow({ cache: {}, tuning }));
const task = (name: string) => definition.States[name] as TaskState;
const choice = (name: string) => definition.States[name] as ChoiceState;

/** A value in which every expression is replaced by what it evaluates to. */
async function evaluated(value: unknown, variables: object, states: object = { context: context() }) {
  const walk = async (part: unknown): Promise<unknown> => {
    if (typeof part === "string" && part.startsWith("{%"))
      return await evaluate(part, states as Record<string, unknown>, variables as Record<string, unknown>);
    if (Array.isArray(part)) return await Promise.all(part.map(walk));
    if (part === null || typeof part !== "object") return part;
    const members = Object.entries(part).map(async ([name, inner]) => [name, await walk(inner)]);
    return Object.fromEntries(await Promise.all(members));
  };
  return (await walk(value)) as Record<string, unknown>;
}

const before = {
  dataPrefix: "raw-data/",
  processedDataUrl: "s3://bucket/processed-data/prep-1",
  hyperparameters: { "max-depth": "10", "n-estimators": "100", "random-state": "42" },
  tuning: { on: true, jobs: 7, ranges: { IntegerParameterRanges: [{ Name: "max-depth" }] } },
  ignoredInput: ["ModelDataUrl"],
  executionFolder: "run-1-0a1b2c3d",
  cache: {},
};
const at = (input: object) => ({ context: context({ Input: input }) });

describe("the question for an earlier result", () => {
  it("says what preprocessing depends on", async () => {
    const { Payload } = task("FindEarlierProcessing").Arguments;
    expect(await evaluated(Payload, before)).toEqual({
      Action: "find",
      Use: true,
      MaxAgeInDays: 30,
      Step: "DataPreprocessing",
      Bucket: "housing-dev-bucket",
      JobNamesBeginWith: "housing-dev-prep-",
      Image: references.imageUri,
      Inputs: { data: "s3://housing-dev-bucket/raw-data/" },
      Parameters: {
        Code: "scripts-0123456789abcdef.tar.gz",
        EntryPoint: "preprocessing.py",
        Arguments: [],
        Instances: { Count: 1, Hardware: "x86" },
      },
    });
  });

  it("says what training depends on, with the hyperparameters of the execution", async () => {
    const { Payload } = task("FindEarlierTraining").Arguments;
    expect(await evaluated(Payload, before)).toMatchObject({
      Inputs: {
        train: "s3://bucket/processed-data/prep-1/train/",
        test: "s3://bucket/processed-data/prep-1/test/",
      },
      Parameters: {
        EntryPoint: "training.py",
        InferenceCode: "scripts-0123456789abcdef.tar.gz",
        HyperParameters: before.hyperparameters,
        Metrics: expect.arrayContaining(["test_r2"]),
      },
    });
  });

  it("says what a tuning searches, and only the hyperparameters that it does not", async () => {
    const { Payload } = task("FindEarlierTuning").Arguments;
    const { Parameters } = await evaluated(Payload, before);
    expect(Parameters).toMatchObject({
      HyperParameters: { "random-state": "42" },
      Tuning: {
        HyperParameterTuningJobConfig: {
          Strategy: "Bayesian",
          HyperParameterTuningJobObjective: { Type: "Maximize", MetricName: "test_r2" },
          ResourceLimits: { MaxNumberOfTrainingJobs: 7, MaxParallelTrainingJobs: 4 },
          ParameterRanges: before.tuning.ranges,
        },
      },
    });
    const all = { ...before, hyperparameters: { "max-depth": "1", "n-estimators": "1" } };
    expect((await evaluated(Payload, all)).Parameters).toMatchObject({ HyperParameters: {} });
  });

  it.each([
    [{}, true],
    [{ Cache: true }, true],
    [{ Cache: false }, false],
  ])("with the input %j may use one: %j", async (input, use) => {
    for (const kind of cachedKinds) {
      const { Payload } = task(cacheStates(kind).find).Arguments;
      expect((await evaluated(Payload, before, at(input))).Use).toBe(use);
    }
  });

  it.each([
    [null, null],
    [7, 7],
    [undefined, 30],
  ])("with the age %j has the limit %j", (maxAgeInDays, limit) => {
    const { States } = workflowDefinition(workflow({ cache: { maxAgeInDays } })).definition;
    const { Payload } = (States.FindEarlierTraining as TaskState).Arguments;
    expect(Payload).toMatchObject({ MaxAgeInDays: limit });
  });
});

describe("a hit", () => {
  const found = (Result: object) => ({ ...before, earlierResult: { Hit: true, Result } });
  const hit = async (name: string, Result: object, input: object = {}) =>
    await evaluated(choice(name).Choices[0]?.Assign, found(Result), at(input));
  const stage = async (index: number, From: object) =>
    await evaluated(choice("ChooseStage").Choices[index]?.Assign, before, at({ From }));

  it("sets what a start at a later stage sets", async () => {
    const { ignoredInput: _, ...prepared } = await stage(0, { ProcessingJobName: "prep-0" });
    expect(await hit("EarlierProcessingFound", { JobName: "prep-0" })).toEqual({
      ...prepared,
      ignoredInput: ["ModelDataUrl"],
    });
    const { ignoredInput: __, ...trained } = await stage(1, {
      ProcessingJobName: "prep-0",
      TrainingJobName: "train-0",
    });
    const { processingJobName: ___, processedDataUrl: ____, ...training } = trained;
    expect(training.copySuffix).toBe("-run-1-0a1b2c3d");
    expect(await hit("EarlierTrainingFound", { JobName: "train-0" })).toEqual({
      ...training,
      ignoredInput: ["ModelDataUrl"],
    });
  });

  it("has the hyperparameters that a tuning has found", async () => {
    const HyperParameters = { "max-depth": "3" };
    const Result = { JobName: "tune-0-001", TuningJobName: "tune-0", HyperParameters };
    expect(await hit("EarlierTuningFound", Result)).toMatchObject({
      trainingJobName: "tune-0-001",
      tuningJobName: "tune-0",
      hyperparameters: HyperParameters,
    });
  });

  it("leaves the name of a job that does not run without effect", async () => {
    const input = { PreprocessingJobName: "a", TrainingJobName: "b" };
    const prepared = await hit("EarlierProcessingFound", { JobName: "prep-0" }, input);
    expect(prepared.ignoredInput).toEqual(["ModelDataUrl", "PreprocessingJobName"]);
    const trained = await hit("EarlierTrainingFound", { JobName: "train-0" }, input);
    expect(trained.ignoredInput).toEqual(["ModelDataUrl", "TrainingJobName"]);
  });

  it.each([{ Hit: false }, {}, { Hit: "true" }])("is not %j", async (earlierResult) => {
    for (const kind of cachedKinds) {
      const { Choices, Default } = choice(cacheStates(kind).found);
      expect(await evaluate(Choices[0]?.Condition as string, {}, { earlierResult })).toBe(false);
      expect((definition.States[Default as string] as TaskState).Resource).toContain("Job.sync");
    }
  });
});

describe("a cache that fails", () => {
  const errorOutput = { Error: "InvalidEvent", Cause: '{"errorMessage": "no luck"}' };
  const states = { context: context(), errorOutput };

  it("is a miss with the reason, and the job runs", async () => {
    const [caught] = task("FindEarlierTraining").Catch ?? [];
    expect(caught).toMatchObject({ ErrorEquals: ["States.ALL"], Next: "ModelTraining" });
    const cache = { DataPreprocessing: { Hit: true } };
    expect(await evaluated(caught?.Assign, { ...before, cache }, states)).toEqual({
      earlierResult: { Hit: false, Address: "", Seen: "" },
      cachedParameters: {},
      cache: {
        ...cache,
        ModelTraining: { Hit: false, Reason: "the cache could not be asked: no luck" },
      },
    });
  });

  it("records nothing, and the execution goes on", async () => {
    const [caught] = task("RecordTraining").Catch ?? [];
    expect(caught).toMatchObject({ ErrorEquals: ["States.ALL"], Next: "KeepModel" });
    const cache = { ModelTraining: { Hit: false, Reason: "changed" } };
    expect(await evaluated(caught?.Assign, { ...before, cache }, states)).toEqual({
      cache: {
        ModelTraining: { Hit: false, Reason: "changed", Recorded: false, NotRecorded: "no luck" },
      },
    });
  });
});

describe("the record of a result", () => {
  const asked = { ...before, earlierResult: { Hit: false, Address: "a", Seen: "s" } };

  it("is for the key that was asked for, although a tuning has found other hyperparameters", async () => {
    const { cachedParameters } = await evaluated(task("FindEarlierTuning").Assign, before, {
      context: context(),
      result: { Payload: { Report: {} } },
    });
    const later = {
      ...asked,
      cachedParameters,
      hyperparameters: { "max-depth": "3" },
      trainingJobName: "tune-1-002",
      tuningJobName: "tune-1",
      tuningStatus: "completed",
    };
    expect(await evaluated(task("RecordTuning").Arguments.Payload, later)).toMatchObject({
      Action: "record",
      Address: "a",
      Seen: "s",
      Status: "completed",
      Execution: "run-1",
      Parameters: { HyperParameters: { "random-state": "42" } },
      Result: {
        JobName: "tune-1-002",
        TuningJobName: "tune-1",
        HyperParameters: { "max-depth": "3" },
      },
    });
  });

  it("says that a tuning was stopped, although its best model goes on", async () => {
    const [caught] = task("ModelTuning").Catch ?? [];
    expect(caught?.Assign).toMatchObject({ tuningStatus: "stopped" });
    const { tuningStatus } = task("ModelTuning").Assign ?? {};
    const result = { HyperParameterTuningJobStatus: "Stopped" };
    expect(await evaluate(tuningStatus as string, { result })).toBe("stopped");
  });

  it("keeps the explanation, and adds whether it was made", async () => {
    const cache = { DataPreprocessing: { Hit: false, Reason: "changed: Code" } };
    const record = async (Payload: object) =>
      await evaluated(task("RecordProcessing").Assign, { ...asked, cache }, { result: { Payload } });
    expect(await record({ Recorded: true })).toEqual({
      cache: { DataPreprocessing: { ...cache.DataPreprocessing, Recorded: true } },
    });
    expect(await record({ Recorded: false, Reason: "stopped" })).toEqual({
      cache: {
        DataPreprocessing: { ...cache.DataPreprocessing, Recorded: false, NotRecorded: "stopped" },
      },
    });
  });
});

it.each([
  ["ml.m5.large", "x86"],
  ["ml.c6i.2xlarge", "x86"],
  ["ml.m6g.large", "arm64"],
  ["ml.r7gd.large", "arm64"],
  ["ml.g5.xlarge", "g5"],
  ["ml.p4d.24xlarge", "p4d"],
  ["ml.trn1.2xlarge", "trn1"],
  ["else", "else"],
])("of %s the hardware %s is part of a key", (instanceType, Hardware) => {
  const job = { ...workflow().settings.training, instanceType, instanceCount: 3 };
  expect(instancesOf(job)).toEqual({ Count: 3, Hardware });
});

describe("without a cache", () => {
  it("there is nothing of it", () => {
    const without = workflowDefinition(workflow({ cache: false, tuning }));
    expect(JSON.stringify(without)).not.toMatch(/earlierResult|cachedParameters|results-cache|tuningStatus/);
  });
});

describe("the permissions", () => {
  it("let the state machine call every version of the function", () => {
    const invoked = policyStatements.filter(({ actions }) => actions.includes("lambda:InvokeFunction"));
    expect(invoked.flatMap(({ resources }) => resources)).toContain(
      "arn:aws:lambda:us-east-1:123456789012:function:housing-dev-results-cache:*",
    );
  });

  it("let no job write records, and the function write nothing else", () => {
    const { settings } = workflow({ cache: {}, comparison: { folder: "f", entryPoint: "e" } });
    const writes = (statements: typeof policyStatements) =>
      statements.flatMap(({ actions, resources }) => (actions.includes("s3:PutObject") ? resources : []));
    const records = "arn:aws:s3:::housing-dev-bucket/cache/*";
    const { role } = resultsCacheFunction(settings, references);
    expect(writes(role.policyStatements)).toEqual([records]);
    const jobs = Object.values(sageMakerRoles(settings, references));
    expect(jobs.flatMap((one) => writes(one?.policyStatements ?? [])).join()).not.toContain("cache");
  });

  it("let the function list the data where it is", () => {
    const { settings } = workflow({ cache: {}, data: { bucketName: "data", prefix: "wine/" } });
    const { role } = resultsCacheFunction(settings, { ...references, dataBucketName: "data" });
    expect(role.policyStatements[0]).toEqual({
      actions: ["s3:ListBucket"],
      resources: ["arn:aws:s3:::data"],
      conditions: { StringLike: { "s3:prefix": ["wine/*"] } },
    });
  });
});

describe("fails", () => {
  it.each([0, -1, 1.5])("for an age of %j days", (maxAgeInDays) => {
    expect(() => workflow({ cache: { maxAgeInDays } })).toThrow(
      `cache.maxAgeInDays must be a whole number of 1 or more, got ${maxAgeInDays}`,
    );
  });

  it("without the function", () => {
    const missing = workflow({ cache: {} }, { resultsCacheFunctionVersionArn: undefined });
    expect(() => workflowDefinition(missing)).toThrow("cache needs a function");
  });
});

it("is on unless the props say otherwise", () => {
  const { cache: _, ...props } = workflowProps("dev");
  expect(workflowSettings(props, () => "code/scripts-1.tar.gz").cache).toEqual({ maxAgeInDays: 30 });
});
