import { jsonata } from "../../../workflow/asl/jsonata";
import { inputProblems } from "../../../workflow/execution-input";
import { tuningSettings } from "../../../workflow/tuning/checks";
import { tuningOf } from "../../../workflow/tuning/input";
import type { TuningProps } from "../../../workflow/tuning/props";
import { parameterRanges, type TuningRanges } from "../../../workflow/tuning/ranges";
import { evaluate } from "../evaluate";

const ranges: TuningRanges = {
  depth: { kind: "integer", min: 2, max: 12 },
  rate: { kind: "continuous", min: 0.01, max: 0.5, scaling: "logarithmic" },
  kernel: { kind: "categorical", values: ["rbf", "linear", 3] },
};
const settings = (props: Partial<TuningProps> = {}) =>
  tuningSettings(
    { ranges, maxJobs: 20, ...props },
    {
      scope: { prefix: "housing", environment: "dev" },
      hyperparameters: { depth: "5", rate: "0.1", kernel: "rbf" },
      metrics: ["r2"],
      gate: { metric: "r2", threshold: 0, margin: 0, better: "greater" },
    },
  );
const rules = {
  dataPrefix: "raw-data/",
  baseName: "housing-dev",
  hyperparameters: ["depth", "rate", "kernel", "seed"],
};
const problems = (input: unknown, tuning = settings()) =>
  evaluate(inputProblems(jsonata`$input0`, { ...rules, tuning }), {}, { input0: input });

describe("the tuning in an execution's input", () => {
  it.each([
    false,
    {},
    { MaxJobs: 1 },
    { MaxJobs: 20 },
    { Ranges: {} },
    { Ranges: { depth: { Min: 2, Max: 12 } } },
    { Ranges: { depth: { Max: 3 }, rate: { Min: 0.2 }, kernel: { Values: ["rbf", 3] } } },
    { MaxJobs: 4, Ranges: { rate: { Min: 0.011, Max: 0.012 } } },
  ])("may be %j", async (Tuning) => {
    expect(await problems({ Tuning })).toEqual([]);
  });

  it.each([
    true,
    null,
    "off",
    7,
    [false],
    [],
    { Jobs: 4 },
    { MaxJobs: 0 },
    { MaxJobs: 21 },
    { MaxJobs: 1.5 },
    { MaxJobs: "4" },
    { MaxJobs: null },
    { MaxJobs: [4] },
    { Ranges: [] },
    { Ranges: null },
    { Ranges: "depth" },
    { Ranges: { other: { Min: 1, Max: 2 } } },
    { Ranges: { depth: null } },
    { Ranges: { depth: [3, 4] } },
    { Ranges: { depth: { Min: 1 } } },
    { Ranges: { depth: { Max: 13 } } },
    { Ranges: { depth: { Min: 2.5 } } },
    { Ranges: { depth: { Min: "3" } } },
    { Ranges: { depth: { Min: null } } },
    { Ranges: { depth: { Min: 5, Max: 5 } } },
    { Ranges: { depth: { Min: 7, Max: 5 } } },
    { Ranges: { depth: { Min: 12 } } },
    { Ranges: { depth: { Values: [3, 4] } } },
    { Ranges: { depth: { Min: 3, Step: 2 } } },
    { Ranges: { rate: { Min: 0.009 } } },
    { Ranges: { rate: { Max: 0.51 } } },
    { Ranges: { kernel: {} } },
    { Ranges: { kernel: { Values: [] } } },
    { Ranges: { kernel: { Values: ["rbf"] } } },
    { Ranges: { kernel: { Values: ["rbf", "rbf"] } } },
    { Ranges: { kernel: { Values: ["rbf", "poly"] } } },
    { Ranges: { kernel: { Values: "rbf" } } },
    { Ranges: { kernel: { Values: { a: "rbf" } } } },
    { Ranges: { kernel: { Values: [["rbf"], { a: 1 }] } } },
    { Ranges: { kernel: { Values: ["rbf", "linear"], Min: 1 } } },
    { Ranges: { kernel: { Min: 1, Max: 2 } } },
  ])("must not be %j", async (Tuning) => {
    expect(await problems({ Tuning })).toEqual([
      expect.stringMatching(
        /^Tuning must be false, or an object with MaxJobs, a whole number from 1 to 20, and Ranges, .* depth 2 to 12; rate 0.01 to 0.5; kernel rbf, linear, 3, got /,
      ),
    ]);
  });

  it("has no number of jobs for a grid search", async () => {
    const { kernel } = ranges as { kernel: TuningRanges[string] };
    const grid = settings({ ranges: { kernel }, strategy: "grid", maxJobs: undefined });
    expect(await problems({ Tuning: { Ranges: { kernel: { Values: ["rbf", 3] } } } }, grid)).toEqual([]);
    expect(await problems({ Tuning: { MaxJobs: 2 } }, grid)).toEqual([
      expect.stringMatching(/^Tuning must be false, or an object with Ranges/),
    ]);
  });

  it("is unknown to a workflow without tuning", async () => {
    const untuned = inputProblems(jsonata`$input0`, rules);
    const found = await evaluate(untuned, {}, { input0: { Tuning: false } });
    expect(found).toEqual([
      expect.stringMatching(/^The keys must be among .*HyperParameters, From, Reason, got Tuning$/),
    ]);
  });
});

describe("a hyperparameter in an execution's input", () => {
  it("is set if it is not tuned", async () => {
    expect(await problems({ HyperParameters: { seed: 1 } })).toEqual([]);
    expect(await problems({ HyperParameters: { depth: 3 }, Tuning: false })).toEqual([]);
  });

  it.each([{}, { Tuning: { MaxJobs: 2 } }])("is refused if it is tuned, with %j", async (more) => {
    expect(await problems({ HyperParameters: { depth: 3 }, ...more })).toEqual([
      expect.stringContaining("depth, rate, kernel only if Tuning is false, got"),
    ]);
  });
});

describe("what an execution tunes", () => {
  const tuning = (given?: unknown, of = settings()) =>
    evaluate(tuningOf(jsonata`$given0`, of), {}, given === undefined ? {} : { given0: given });

  it.each([undefined, {}])("is what is deployed, for %j", async (given) => {
    expect(await tuning(given)).toEqual({ on: true, jobs: 20, ranges: parameterRanges(ranges) });
  });

  it("is nothing if it is switched off", async () => {
    expect(await tuning(false)).toMatchObject({ on: false });
  });

  it("is what the input narrows, everything else as deployed", async () => {
    const given = {
      MaxJobs: 4,
      Ranges: { depth: { Max: 3 }, rate: { Min: 0.2, Max: 0.3 }, kernel: { Values: ["rbf", 3] } },
    };
    const { jobs, ranges } = (await tuning(given)) as { jobs: number; ranges: unknown };
    expect(jobs).toBe(4);
    expect(ranges).toEqual({
      IntegerParameterRanges: [{ Name: "depth", MinValue: "2", MaxValue: "3", ScalingType: "Auto" }],
      ContinuousParameterRanges: [
        { Name: "rate", MinValue: "0.2", MaxValue: "0.3", ScalingType: "Logarithmic" },
      ],
      CategoricalParameterRanges: [{ Name: "kernel", Values: ["rbf", "3"] }],
    });
  });

  it("has no more jobs than combinations, which SageMaker would refuse", async () => {
    const { depth, kernel } = ranges as { depth: TuningRanges[string]; kernel: TuningRanges[string] };
    const discrete = settings({ ranges: { depth, kernel } });
    const given = { Ranges: { depth: { Max: 3 }, kernel: { Values: ["rbf", "linear"] } } };
    expect(await tuning(given, discrete)).toMatchObject({ jobs: 4 });
    expect(await tuning({}, discrete)).toMatchObject({ jobs: 20 });
    expect(
      await tuning({ Ranges: { depth: { Max: 3 } } }, settings({ ranges: { depth }, maxJobs: 5 })),
    ).toMatchObject({
      jobs: 2,
    });
  });

  it("has each combination in a grid search", async () => {
    const { kernel } = ranges as { kernel: TuningRanges[string] };
    const grid = settings({ ranges: { kernel }, strategy: "grid", maxJobs: undefined });
    expect(await tuning({ Ranges: { kernel: { Values: ["rbf", 3] } } }, grid)).toMatchObject({ jobs: 2 });
    expect(await tuning({}, grid)).toMatchObject({ jobs: 3 });
  });
});
