import { longestTuningSeconds, tuningSettings } from "../../../workflow/tuning/checks";
import { pages } from "../../../workflow/tuning/limits";
import type { TuningProps } from "../../../workflow/tuning/props";
import type { TuningRange } from "../../../workflow/tuning/ranges";
import { workflow } from "../../fixtures";

const depth: TuningRange = { kind: "integer", min: 2, max: 12 };
const rate: TuningRange = { kind: "continuous", min: 0.01, max: 0.5, scaling: "logarithmic" };
const kernel: TuningRange = { kind: "categorical", values: ["rbf", "linear"] };
const known = {
  scope: { prefix: "housing", environment: "dev" },
  hyperparameters: { depth: "5", rate: "0.1", kernel: "rbf", epochs: "20" },
  metrics: ["r2", "rmse"],
  gate: { metric: "r2", threshold: 0.7, margin: 0, better: "greater" },
} as const;
const tuned = (props: Partial<TuningProps> = {}, more: object = {}) =>
  tuningSettings({ ranges: { depth, rate }, ...props }, { ...known, ...more });
const one = (range: TuningRange) => tuned({ ranges: { depth: range } });
const pair = { depth, kernel };

describe("the defaults of a tuning", () => {
  it("are a Bayesian search of ten jobs, two at a time, for the gate's metric", () => {
    expect(tuned()).toEqual({
      ranges: { depth, rate },
      strategy: "bayesian",
      objective: { metric: "r2", goal: "maximize" },
      maxJobs: 10,
      maxParallelJobs: 2,
      earlyStopping: false,
      completion: {},
    });
  });

  it("follow the gate's direction", () => {
    const gate = { ...known.gate, metric: "rmse", better: "smaller" };
    expect(tuned({}, { gate }).objective).toEqual({ metric: "rmse", goal: "minimize" });
  });

  it("have no more jobs than there are combinations", () => {
    expect(tuned({ ranges: { kernel } })).toMatchObject({ maxJobs: 2, maxParallelJobs: 2 });
  });

  it("have each combination once in a grid search", () => {
    const values = [1, 2, 3];
    const ranges = { kernel, depth: { kind: "categorical", values } } as const;
    expect(tuned({ ranges, strategy: "grid" })).toMatchObject({ maxJobs: 6, maxParallelJobs: 2 });
    expect(tuned({ ranges, strategy: "grid", maxJobs: 6 }).maxJobs).toBe(6);
  });

  it("take Hyperband's epochs from a hyperparameter", () => {
    expect(tuned({ strategy: "hyperband" }).strategy).toBe("hyperband");
  });
});

/** Refused, for what, and on which page. */
type Refused = [string, () => unknown, string, keyof typeof pages];

const many = (count: number) => Array.from({ length: count }, (_, n) => `v${n}`);
const manyRanges = Object.fromEntries(many(31).map((name) => [name, depth]));

it.each<Refused>([
  [
    "no range",
    () => tuned({ ranges: {} }),
    "tuning.ranges must have 1 to 30 hyperparameters, got 0",
    "ranges",
  ],
  ["31 ranges", () => tuned({ ranges: manyRanges }), "1 to 30 hyperparameters, got 31", "ranges"],
  [
    "a range of one number",
    () => one({ kind: "integer", min: 3, max: 3 }),
    "tuning.ranges.depth must have two values or more, got only 3, which SageMaker refuses: set it in training.hyperparameters",
    "oneValue",
  ],
  ["one category", () => one({ kind: "categorical", values: ["a"] }), "got only a", "oneValue"],
  ["one category twice", () => one({ kind: "categorical", values: ["a", "a"] }), "got only a", "oneValue"],
  ["a category twice", () => one({ kind: "categorical", values: [1, "a", "1"] }), "got 1 twice", "oneValue"],
  [
    "31 categories",
    () => one({ kind: "categorical", values: many(31) }),
    "tuning.ranges.depth.values must be at most 30, got 31",
    "categories",
  ],
  [
    "a long category",
    () => one({ kind: "categorical", values: ["a", "b".repeat(257)] }),
    "at most 256 characters each, got 257",
    "categories",
  ],
  [
    "a logarithmic range from 0",
    () => one({ kind: "continuous", min: 0, max: 1, scaling: "logarithmic" }),
    "tuning.ranges.depth.min must be greater than 0, got 0",
    "scaling",
  ],
  [
    "a reverse logarithmic range of integers",
    () => one({ kind: "integer", min: 0, max: 5, scaling: "reverse-logarithmic" }),
    "which only continuous ranges can have",
    "scaling",
  ],
  [
    "a reverse logarithmic range up to 1",
    () => one({ kind: "continuous", min: 0.5, max: 1, scaling: "reverse-logarithmic" }),
    "must be within 0 and 1, without 1, to be reverse-logarithmic, got 0.5 to 1",
    "scaling",
  ],
  [
    "a reverse logarithmic range below 0",
    () => one({ kind: "continuous", min: -0.1, max: 0.9, scaling: "reverse-logarithmic" }),
    "got -0.1 to 0.9",
    "scaling",
  ],
  [
    "a grid of numbers",
    () => tuned({ ranges: pair, strategy: "grid" }),
    "tuning.ranges.depth must be categorical for the strategy grid, got integer",
    "strategies",
  ],
  [
    "another number of jobs than a grid has",
    () => tuned({ ranges: { kernel }, strategy: "grid", maxJobs: 3 }),
    "must be the number of combinations for the strategy grid, 2, got 3: omit it",
    "strategies",
  ],
  [
    "a grid that is too large",
    () =>
      tuned({
        ranges: {
          kernel: { kind: "categorical", values: many(30) },
          depth: { kind: "categorical", values: many(26) },
        },
        strategy: "grid",
      }),
    "at most 750 combinations for the strategy grid, got 780",
    "quotas",
  ],
  [
    "too many jobs",
    () => tuned({ maxJobs: 751 }),
    "at most 750 for the strategy bayesian, got 751",
    "quotas",
  ],
  [
    "too many random jobs",
    () => tuned({ maxJobs: 10_001, strategy: "random" }),
    "at most 10000 for the strategy random",
    "quotas",
  ],
  [
    "more jobs than combinations",
    () => tuned({ ranges: pair, maxJobs: 23 }),
    "tuning.maxJobs must be at most 22, because there are no more combinations of values, got 23",
    "combinations",
  ],
  [
    "too many jobs at once",
    () => tuned({ maxJobs: 200, maxParallelJobs: 101 }),
    "tuning.maxParallelJobs must be at most 100, got 101",
    "quotas",
  ],
  [
    "resources without Hyperband",
    () => tuned({ hyperband: { maxResource: 10 } }),
    "tuning.hyperband must be absent for the strategy bayesian",
    "hyperband",
  ],
  [
    "Hyperband without resources",
    () => tuned({ strategy: "hyperband" }, { hyperparameters: { depth: "5", rate: "1" } }),
    "tuning.hyperband.maxResource must be set, unless training.hyperparameters has one of epochs, numepochs",
    "hyperband",
  ],
  [
    "Hyperband whose epochs are tuned",
    () => tuned({ strategy: "hyperband", ranges: { epochs: depth } }),
    "that is not tuned",
    "hyperband",
  ],
  [
    "Hyperband with inverted resources",
    () => tuned({ strategy: "hyperband", hyperband: { minResource: 9, maxResource: 3 } }),
    "minResource smaller than maxResource, got 9 and 3",
    "hyperband",
  ],
  [
    "Hyperband with too many epochs",
    () => tuned({ strategy: "hyperband", hyperband: { maxResource: 20_001 } }),
    "1 to 20000 epochs",
    "hyperband",
  ],
  [
    "Hyperband with early stopping",
    () => tuned({ strategy: "hyperband", earlyStopping: true }),
    "tuning.earlyStopping must be false for the strategy hyperband",
    "earlyStopping",
  ],
  [
    "an end after two jobs",
    () => tuned({ completion: { notImprovingJobs: 2 } }),
    "tuning.completion.notImprovingJobs must be a whole number of 3 or more, got 2",
    "notImproving",
  ],
  [
    "an end after a minute",
    () => tuned({ completion: { maxRuntimeInSeconds: 60 } }),
    "must be a whole number from 120 to 2592000, 30 days, got 60",
    "runtime",
  ],
  [
    "an end after more than 30 days",
    () => tuned({ completion: { maxRuntimeInSeconds: 2_592_001 } }),
    "got 2592001",
    "quotas",
  ],
  [
    "no parent",
    () => tuned({ warmStart: { parents: [] } }),
    "must be 1 to 5 tuning jobs, got 0",
    "warmStart",
  ],
  [
    "21 metrics",
    () => tuned({}, { metrics: [...many(20), "r2"] }),
    "training.metrics must be at most 20 with tuning, got 21",
    "quotas",
  ],
  [
    "a name that is too long",
    () => tuned({}, { scope: { prefix: "housing2", environment: "productive" } }),
    "prefix and environment must together have at most 17 characters with tuning, got housing2 and productive",
    "name",
  ],
])("fails for %s, with the page that states the limit", (_, refused, message, page) => {
  expect(refused).toThrow(message);
  expect(refused).toThrow(pages[page]);
});

it.each<[string, () => unknown, string]>([
  [
    "an inverted range",
    () => one({ kind: "integer", min: 12, max: 2 }),
    "tuning.ranges.depth: min must be smaller than max, got 12 and 2: swap them",
  ],
  [
    "no category",
    () => one({ kind: "categorical", values: [] }),
    "tuning.ranges.depth.values must not be empty",
  ],
  [
    "half an integer",
    () => one({ kind: "integer", min: 0.5, max: 2 }),
    "depth.min must be a whole number, got 0.5",
  ],
  [
    "an endless range",
    () => one({ kind: "continuous", min: 0, max: Number.POSITIVE_INFINITY }),
    "depth.max must be a finite number, got Infinity",
  ],
  [
    "an undeclared hyperparameter",
    () => tuned({ ranges: { dept: depth } }),
    "tuning.ranges must have hyperparameters that training.hyperparameters has (depth, rate, kernel, epochs), got dept",
  ],
  [
    "an undeclared metric",
    () => tuned({ objective: { metric: "mae", goal: "minimize" } }),
    "tuning.objective.metric must be one of training.metrics (r2, rmse), got mae",
  ],
  ["no job", () => tuned({ maxJobs: 0 }), "tuning.maxJobs must be a whole number of 1 or more, got 0"],
  [
    "half a job at once",
    () => tuned({ maxParallelJobs: 0.5 }),
    "tuning.maxParallelJobs must be a whole number",
  ],
  [
    "more jobs at once than in all",
    () => tuned({ maxJobs: 2, maxParallelJobs: 3 }),
    "tuning.maxParallelJobs must be at most the number of jobs, 2, got 3",
  ],
  ["a seed below 0", () => tuned({ seed: -1 }), "tuning.seed must be a whole number of 0 or more, got -1"],
  [
    "a value that is not finite",
    () => tuned({ completion: { targetValue: Number.NaN } }),
    "tuning.completion.targetValue must be a finite number, got NaN",
  ],
  [
    "another workflow's tuning job",
    () => tuned({ warmStart: { parents: ["housing-prod-tune-1"] } }),
    "whose names start with housing-dev-tune-, got housing-prod-tune-1",
  ],
])("fails for %s", (_, refused, message) => {
  expect(refused).toThrow(message);
});

describe("the longest time of a tuning", () => {
  it("is that of its rounds", () => {
    expect(longestTuningSeconds(tuned({ maxJobs: 9, maxParallelJobs: 2 }), 100)).toBe(500);
  });

  it("is at most 30 days, or what is set", () => {
    expect(longestTuningSeconds(tuned({ maxJobs: 750, maxParallelJobs: 1 }), 5400)).toBe(2_592_000);
    const completion = { maxRuntimeInSeconds: 3600 };
    expect(longestTuningSeconds(tuned({ completion }), 5400)).toBe(3600);
  });
});

it("gives the execution time for all attempts of the longest tuning", () => {
  const { settings } = workflow();
  const props = {
    tuning: { ranges: { "max-depth": depth }, maxJobs: 10 },
  };
  const longer = workflow(props).settings.timeoutSeconds - settings.timeoutSeconds;
  // Five rounds of an hour and half an hour, instead of an hour, in each of three attempts.
  expect(longer).toBe(3 * (5 * 5400 - 3600));
});
