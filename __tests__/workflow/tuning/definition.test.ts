import type { ChoiceState, TaskState } from "../../../workflow/asl/states";
import { workflowDefinition } from "../../../workflow/definition";
import type { TuningProps } from "../../../workflow/tuning/props";
import { tuning, workflow } from "../../fixtures";
import { context, evaluate } from "../evaluate";

const defined = (props: Partial<TuningProps> = {}) =>
  workflowDefinition(workflow({ tuning: { ...tuning, ...props } }));
const { definition, policyStatements } = defined();
const single = workflowDefinition(workflow()).definition;
const task = (name: string, { States } = definition) => States[name] as TaskState;
const { Arguments } = task("ModelTuning");
const configuration = (props: Partial<TuningProps>) =>
  task("ModelTuning", defined(props).definition).Arguments.HyperParameterTuningJobConfig;

/** The variables of an execution with this input, as CheckInput sets them. */
async function variables(Input: object): Promise<Record<string, unknown>> {
  const { Assign = {} } = (definition.States.CheckInput as ChoiceState).Choices[0] ?? {};
  const set = Object.entries(Assign).map(async ([name, value]) => [
    name,
    typeof value === "string" && value !== ""
      ? await evaluate(value, { context: context({ Input }) })
      : value,
  ]);
  return { ...Object.fromEntries(await Promise.all(set)), attempt: 1 };
}

/** A request with every expression evaluated. */
async function evaluated(value: unknown, known: Record<string, unknown>): Promise<unknown> {
  if (typeof value === "string") {
    return value.startsWith("{%") ? await evaluate(value, { context: context() }, known) : value;
  }
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return await Promise.all(value.map((one) => evaluated(one, known)));
  const entries = Object.entries(value).map(async ([key, one]) => [key, await evaluated(one, known)]);
  return Object.fromEntries(await Promise.all(entries));
}

describe("the way of an execution", () => {
  const next = async (Input: object) => {
    const { Choices, Default } = definition.States.TrainOrTune as ChoiceState;
    const chosen = await evaluate(Choices[0]?.Condition as string, {}, await variables(Input));
    return chosen === true ? Choices[0]?.Next : Default;
  };

  it("is the tuning, unless the input says no", async () => {
    expect(await next({})).toBe("ModelTuning");
    expect(await next({ Tuning: { MaxJobs: 3 } })).toBe("ModelTuning");
    expect(await next({ Tuning: false })).toBe("ModelTraining");
  });

  it("is the same after the best training job as after a single one", () => {
    expect(task("DataPreprocessing").Next).toBe("TrainOrTune");
    expect(task("ModelTuning").Next).toBe("ReadBestTraining");
    expect(task("ReadBestTraining").Next).toBe(task("ModelTraining").Next);
    const set = { ...task("ModelTuning").Assign, ...task("ReadBestTraining").Assign };
    expect(Object.keys(set)).toEqual(expect.arrayContaining(Object.keys(task("ModelTraining").Assign ?? {})));
  });

  it("trains once as it does without a tuning", () => {
    expect(definition.States.ModelTraining).toEqual(single.States.ModelTraining);
  });

  it("has an ignored name of a training job only where it tunes", async () => {
    const ignored = async (Input: object) => (await variables(Input)).ignoredInput;
    expect(await ignored({ TrainingJobName: "a", ModelDataUrl: "b" })).toEqual([
      "ModelDataUrl",
      "TrainingJobName",
    ]);
    expect(await ignored({ TrainingJobName: "a", Tuning: false })).toEqual([]);
    // A start after the training adds it.
    expect(await ignored({ TrainingJobName: "a", From: { TrainingJobName: "b" } })).toEqual([]);
  });
});

describe("the tuning request", () => {
  const known = { executionFolder: "run-1-abcd", processedDataUrl: "s3://b/processed-data/p" };
  const request = async (Input: object = {}) =>
    (await evaluated(Arguments, { ...(await variables(Input)), ...known })) as {
      HyperParameterTuningJobName: string;
      HyperParameterTuningJobConfig: unknown;
      TrainingJobDefinition: Record<string, unknown>;
      Tags: unknown;
    };

  it("searches what is deployed", async () => {
    expect((await request()).HyperParameterTuningJobConfig).toEqual({
      Strategy: "Bayesian",
      HyperParameterTuningJobObjective: { Type: "Maximize", MetricName: "test_r2" },
      ResourceLimits: {
        MaxNumberOfTrainingJobs: 20,
        MaxParallelTrainingJobs: 4,
        MaxRuntimeInSeconds: 5 * 5400,
      },
      ParameterRanges: {
        IntegerParameterRanges: [
          { Name: "max-depth", MinValue: "2", MaxValue: "12", ScalingType: "Auto" },
          { Name: "n-estimators", MinValue: "10", MaxValue: "200", ScalingType: "Logarithmic" },
        ],
        ContinuousParameterRanges: [],
        CategoricalParameterRanges: [],
      },
      TrainingJobEarlyStoppingType: "Off",
    });
  });

  it("starts no more jobs at once than the input wants in all", async () => {
    expect((await request({ Tuning: { MaxJobs: 3 } })).HyperParameterTuningJobConfig).toMatchObject({
      ResourceLimits: { MaxNumberOfTrainingJobs: 3, MaxParallelTrainingJobs: 3 },
    });
  });

  it("never exceeds the deployed numbers, whatever the variable says", async () => {
    const { ResourceLimits } = Arguments.HyperParameterTuningJobConfig as { ResourceLimits: object };
    expect(await evaluated(ResourceLimits, { tuning: { jobs: 1000 } })).toMatchObject({
      MaxNumberOfTrainingJobs: 20,
      MaxParallelTrainingJobs: 4,
    });
  });

  it("has the training of a single job, with what is not tuned", async () => {
    const { HyperParameters, Tags, ...training } = (await evaluated(task("ModelTraining").Arguments, {
      ...(await variables({})),
      ...known,
    })) as Record<string, Record<string, string>>;
    const { TrainingJobName, ...rest } = training;
    const {
      "max-depth": _,
      "n-estimators": __,
      ...StaticHyperParameters
    } = HyperParameters as object as Record<string, string>;
    const found = await request({ HyperParameters: {} });
    expect(StaticHyperParameters).toMatchObject({ "random-state": "42", sagemaker_program: "training.py" });
    expect(found.TrainingJobDefinition).toEqual({ ...rest, StaticHyperParameters });
    expect(found.Tags).toEqual(Tags);
    expect(TrainingJobName).toMatch(/-train-/);
  });

  it("takes the input's hyperparameters", async () => {
    const { TrainingJobDefinition } = await request({ HyperParameters: { "random-state": 7 } });
    expect(TrainingJobDefinition.StaticHyperParameters).toMatchObject({ "random-state": "7" });
  });

  it("has another name in each attempt, retry, redrive and execution, of at most 32 characters", async () => {
    const name = (states: Parameters<typeof context>[0], attempt = 1) =>
      evaluate(Arguments.HyperParameterTuningJobName as string, { context: context(states) }, { attempt });
    const names = await Promise.all([
      name({}),
      name({}, 2),
      name({ RetryCount: 1 }),
      name({ RedriveCount: 1 }),
      name({ Name: "run-2" }),
    ]);
    expect(new Set(names).size).toBe(names.length);
    for (const one of names) expect(one).toMatch(/^housing-dev-tune-[0-9a-f]{15}$/);
    const scope = { prefix: "housing", environment: "productive" };
    const longest = task("ModelTuning", workflowDefinition(workflow({ ...scope, tuning })).definition);
    const text = longest.Arguments.HyperParameterTuningJobName as string;
    expect(await evaluate(text, { context: context() }, { attempt: 1 })).toMatch(
      /^housing-productive-tune-[0-9a-f]{8}$/,
    );
  });

  it("has everything else that the props can ask for", () => {
    expect(
      configuration({
        strategy: "hyperband",
        hyperband: { minResource: 1, maxResource: 27 },
        objective: { metric: "test_rmse", goal: "minimize" },
        seed: 7,
        completion: { targetValue: 0.5, notImprovingJobs: 5, convergence: true, maxRuntimeInSeconds: 7200 },
      }),
    ).toMatchObject({
      Strategy: "Hyperband",
      StrategyConfig: { HyperbandStrategyConfig: { MinResource: 1, MaxResource: 27 } },
      HyperParameterTuningJobObjective: { Type: "Minimize", MetricName: "test_rmse" },
      ResourceLimits: { MaxRuntimeInSeconds: 7200 },
      TuningJobCompletionCriteria: {
        TargetObjectiveMetricValue: 0.5,
        BestObjectiveNotImproving: { MaxNumberOfTrainingJobsNotImproving: 5 },
        ConvergenceDetected: { CompleteOnConvergence: "Enabled" },
      },
      RandomSeed: 7,
    });
    expect(configuration({ earlyStopping: true })).toMatchObject({ TrainingJobEarlyStoppingType: "Auto" });
  });

  it("starts with earlier tuning jobs", () => {
    const parents = ["housing-dev-tune-1", "housing-dev-tune-2"];
    const warm = (kind?: "identical") =>
      task("ModelTuning", defined({ warmStart: { parents, kind } }).definition).Arguments.WarmStartConfig;
    expect(warm()).toEqual({
      ParentHyperParameterTuningJobs: parents.map((HyperParameterTuningJobName) => ({
        HyperParameterTuningJobName,
      })),
      WarmStartType: "TransferLearning",
    });
    expect(warm("identical")).toMatchObject({ WarmStartType: "IdenticalDataAndAlgorithm" });
  });
});

describe("the end of a tuning job", () => {
  const assigned = (name: "bestTrainingJob" | "tuningJobName", result: object) =>
    evaluate(task("ModelTuning").Assign?.[name] as string, { result });

  it("names the best training job, also of a job that was stopped", async () => {
    const result = {
      HyperParameterTuningJobName: "tuning",
      HyperParameterTuningJobStatus: "Stopped",
      BestTrainingJob: { TrainingJobName: "tuning-003-abc" },
    };
    expect(await assigned("bestTrainingJob", result)).toBe("tuning-003-abc");
    expect(await assigned("tuningJobName", result)).toBe("tuning");
  });

  describe("that .sync reports as failed", () => {
    const caught = async (description: object) => {
      const errorOutput = { Error: "States.TaskFailed", Cause: JSON.stringify(description) };
      const { bestTrainingJob = "", tuningJobName = "" } = task("ModelTuning").Catch?.[0]?.Assign ?? {};
      return {
        bestTrainingJob: await evaluate(bestTrainingJob as string, { errorOutput }),
        tuningJobName: await evaluate(tuningJobName as string, { errorOutput }),
        failure: { reason: "AlgorithmError: x" },
        attempt: 1,
      };
    };
    const next = async (variables: Record<string, unknown>) => {
      const { Choices, Default } = definition.States.TuningAttemptFailed as ChoiceState;
      for (const { Condition, Next } of Choices) {
        if ((await evaluate(Condition, {}, variables)) === true) return Next;
      }
      return Default;
    };
    const ended = {
      HyperParameterTuningJobName: "tuning",
      HyperParameterTuningJobStatus: "Stopped",
      BestTrainingJob: { TrainingJobName: "tuning-003-abc" },
    };

    it("goes on with the best training job if it was stopped", async () => {
      const variables = await caught(ended);
      expect(variables).toMatchObject({ bestTrainingJob: "tuning-003-abc", tuningJobName: "tuning" });
      expect(await next(variables)).toBe("ReadBestTraining");
    });

    it.each([
      ["stopped without a best training job", { ...ended, BestTrainingJob: undefined }],
      ["failed with one", { ...ended, HyperParameterTuningJobStatus: "Failed" }],
      ["not started", {}],
    ])("is a failure if it has %s", async (_, description) => {
      expect(await next(await caught(description))).toBe("TuningJobFailed");
    });
  });

  it("is a failure without a best training job", async () => {
    await expect(
      assigned("bestTrainingJob", { HyperParameterTuningJobStatus: "Completed" }),
    ).rejects.toMatchObject({
      message: expect.stringContaining("No training job of the tuning job has reported test_r2"),
    });
  });

  it("gives later states what a single training job gives", async () => {
    const result = {
      TrainingJobName: "tuning-003-abc",
      ModelArtifacts: { S3ModelArtifacts: "s3://b/training-output/tuning-003-abc/output/model.tar.gz" },
      HyperParameters: {
        "max-depth": "7",
        "random-state": "42",
        sagemaker_program: "training.py",
        sagemaker_submit_directory: "s3://b/code",
        _tuning_objective_metric: "test_r2",
      },
    };
    const { Assign = {} } = task("ReadBestTraining");
    const found = Object.entries(Assign).map(async ([name, value]) => [
      name,
      await evaluate(value as string, { result }),
    ]);
    expect(Object.fromEntries(await Promise.all(found))).toEqual({
      trainingJobName: "tuning-003-abc",
      trainedModelUrl: result.ModelArtifacts.S3ModelArtifacts,
      hyperparameters: { "max-depth": "7", "random-state": "42" },
    });
  });

  it("is told by the report, and empty for a single training", async () => {
    const { Output } = definition.States.MLPipelineComplete as { Output?: { Tuning: string } };
    const tuned = (tuningJobName: string) =>
      evaluate(Output?.Tuning as string, {}, { tuningJobName, hyperparameters: { "max-depth": "7" } });
    expect(await tuned("tuning")).toEqual({ JobName: "tuning", HyperParameters: { "max-depth": "7" } });
    expect(await tuned("")).toEqual({});
    expect(JSON.stringify(single)).not.toMatch(/[Tt]uning/);
  });
});

it("allows what the tuning calls, on its own jobs", () => {
  const jobs = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/housing-dev-tune-*";
  const of = (action: string) =>
    policyStatements.filter(({ actions }) => actions.includes(action)).flatMap(({ resources }) => resources);
  for (const verb of ["Create", "Describe", "Stop"]) {
    expect(of(`sagemaker:${verb}HyperParameterTuningJob`)).toEqual([jobs]);
  }
  expect(of("sagemaker:AddTags")).toContain(jobs);
  expect(of("sagemaker:DescribeTrainingJob")).toEqual([
    "arn:aws:sagemaker:us-east-1:123456789012:training-job/housing-dev-tune-*",
    "arn:aws:sagemaker:us-east-1:123456789012:training-job/housing-dev-train-*",
  ]);
  expect(of("events:PutRule")).toContain(
    "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMakerTuningJobsRule",
  );
  expect(JSON.stringify(workflowDefinition(workflow()).policyStatements)).not.toMatch(/[Tt]uning/);
});
