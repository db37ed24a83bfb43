import { ResourceNotFound } from "@aws-sdk/client-sagemaker";
import { readTuningRun, tuningRun } from "../../../cli/tuning/run";
import { tuningText } from "../../../cli/tuning/text";

const name = "housing-dev-tune-0123456789abcde";
const description = (more: object = {}) => ({
  HyperParameterTuningJobName: name,
  HyperParameterTuningJobStatus: "Completed" as const,
  HyperParameterTuningJobConfig: {
    Strategy: "Bayesian" as const,
    HyperParameterTuningJobObjective: { Type: "Maximize" as const, MetricName: "test_r2" },
    ResourceLimits: { MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 2 },
    ParameterRanges: {
      IntegerParameterRanges: [{ Name: "max-depth", MinValue: "2", MaxValue: "12" }],
      CategoricalParameterRanges: [{ Name: "kernel", Values: ["rbf", "linear"] }],
    },
  },
  BestTrainingJob: { TrainingJobName: `${name}-002-bbbb` } as never,
  ...more,
});
const job = (number: string, Value: number | undefined, more: object = {}) => ({
  TrainingJobName: `${name}-${number}`,
  TrainingJobStatus: "Completed" as const,
  TunedHyperParameters: { "max-depth": "7", kernel: "rbf" },
  TrainingStartTime: new Date(0),
  TrainingEndTime: new Date(61_000),
  ...(Value === undefined
    ? {}
    : { FinalHyperParameterTuningJobObjectiveMetric: { MetricName: "test_r2", Value } }),
  ...more,
});
const failed = { TrainingJobStatus: "Failed" as const, FailureReason: "AlgorithmError: bad depth" };
const jobs = [
  job("001-aaaa", 0.61234567),
  job("002-bbbb", 0.75, { TunedHyperParameters: { "max-depth": "12", kernel: "linear" } }),
  job("003-cccc", undefined, failed),
  job("004-dddd", undefined, { TrainingJobStatus: "InProgress", TrainingEndTime: undefined }),
];

describe("a tuning run", () => {
  it("has its best training jobs first, and those without a result last", () => {
    const names = (more: object) => tuningRun(description(more), jobs).jobs.map((one) => one.name.slice(-8));
    expect(names({})).toEqual(["002-bbbb", "001-aaaa", "003-cccc", "004-dddd"]);
    const minimize = description().HyperParameterTuningJobConfig;
    const Objective = { Type: "Minimize" as const, MetricName: "test_r2" };
    expect(
      names({ HyperParameterTuningJobConfig: { ...minimize, HyperParameterTuningJobObjective: Objective } }),
    ).toEqual(["001-aaaa", "002-bbbb", "003-cccc", "004-dddd"]);
  });

  it("is a table, with the reasons of failures", () => {
    expect(tuningText(tuningRun(description(), jobs)).split("\n")).toEqual([
      `${name}: Completed`,
      "Bayesian search to maximize test_r2, 4 of at most 4 training jobs, the best first",
      "     job       state       kernel  max-depth  test_r2  time",
      "  ★  002-bbbb  Completed   linear         12     0.75  61 s",
      "     001-aaaa  Completed      rbf          7   0.6123  61 s",
      "     003-cccc  Failed         rbf          7        -  61 s",
      "     004-dddd  InProgress     rbf          7        -",
      "  failed: AlgorithmError: bad depth",
      "Importance: only from 10 jobs with a result on, there are 2",
    ]);
  });

  it("tells what mattered once there are enough jobs", () => {
    const many = Array.from({ length: 12 }, (_, n) =>
      job(`${n}`, n % 6, {
        TunedHyperParameters: { "max-depth": String(n % 6), kernel: n < 6 ? "rbf" : "linear" },
      }),
    );
    const text = tuningText(tuningRun(description(), many));
    expect(text).toMatch(/by itself\n {2}max-depth +9\d %\n {2}kernel +0 %$/);
    const equal = many.map((one) => ({ ...one, ...job("1", 5) }));
    expect(tuningText(tuningRun(description(), equal))).toContain(
      "Importance: none, all jobs have the same test_r2",
    );
  });

  it("tells why a tuning job failed, before any training job", () => {
    const text = tuningText(
      tuningRun(description({ HyperParameterTuningJobStatus: "Failed", FailureReason: "no" }), []),
    );
    expect(text).toBe(
      `${name}: Failed, no\nBayesian search to maximize test_r2, 0 of at most 4 training jobs\nImportance: only from 10 jobs with a result on, there are 0`,
    );
  });
});

describe("reading a tuning run", () => {
  /** Answers by the name of the command. */
  function environment(answers: Readonly<Record<string, (input: Record<string, string>) => unknown>>) {
    const send = async (command: { constructor: { name: string }; input: never }) =>
      answers[command.constructor.name]?.(command.input);
    const config = { maxAttempts: 1 };
    const aws = { sagemaker: () => ({ send, config }) };
    return { aws, workflow: { prefix: "housing", environment: "dev" } } as never;
  }

  it("takes the newest one of this workflow", async () => {
    const asked: string[] = [];
    const found = readTuningRun(
      environment({
        ListHyperParameterTuningJobsCommand: () => ({
          HyperParameterTuningJobSummaries: [
            { HyperParameterTuningJobName: "my-housing-dev-tune-1" },
            { HyperParameterTuningJobName: name },
            { HyperParameterTuningJobName: "housing-dev-tune-older" },
          ],
        }),
        DescribeHyperParameterTuningJobCommand: (input) => {
          asked.push(input.HyperParameterTuningJobName ?? "");
          throw new ResourceNotFound({ message: "", $metadata: {} });
        },
      }),
    );
    await expect(found).rejects.toThrow(`There is no tuning job ${name}: omit the name`);
    expect(asked).toEqual([name]);
  });

  it("fails where nothing was tuned, and for another workflow's job", async () => {
    const none = environment({ ListHyperParameterTuningJobsCommand: () => ({}) });
    await expect(readTuningRun(none)).rejects.toThrow("There is no tuning job yet: set `tuning`");
    await expect(readTuningRun(none, "wine-dev-tune-1")).rejects.toThrow(
      "with a name that starts with housing-dev-tune-, got wine-dev-tune-1",
    );
  });
});
