import { combinations, parameterRanges, rangeText, type TuningRanges } from "../../../workflow/tuning/ranges";

const ranges: TuningRanges = {
  depth: { kind: "integer", min: 2, max: 12 },
  rate: { kind: "continuous", min: 1e-7, max: 0.5, scaling: "logarithmic" },
  share: { kind: "continuous", min: 0, max: 0.999, scaling: "reverse-logarithmic" },
  kernel: { kind: "categorical", values: ["rbf", 3, true] },
};

it("are numbers as texts in a request", () => {
  expect(parameterRanges(ranges)).toEqual({
    IntegerParameterRanges: [{ Name: "depth", MinValue: "2", MaxValue: "12", ScalingType: "Auto" }],
    ContinuousParameterRanges: [
      { Name: "rate", MinValue: "1e-7", MaxValue: "0.5", ScalingType: "Logarithmic" },
      { Name: "share", MinValue: "0", MaxValue: "0.999", ScalingType: "ReverseLogarithmic" },
    ],
    CategoricalParameterRanges: [{ Name: "kernel", Values: ["rbf", "3", "true"] }],
  });
});

it("have combinations, endlessly many with a continuous range", () => {
  const { depth, kernel } = ranges as Required<TuningRanges>;
  expect(combinations({ depth, kernel } as TuningRanges)).toBe(33);
  expect(combinations(ranges)).toBe(Number.POSITIVE_INFINITY);
});

it("are short texts", () => {
  expect(Object.values(ranges).map(rangeText)).toEqual([
    "2 to 12",
    "1e-7 to 0.5",
    "0 to 0.999",
    "rbf, 3, true",
  ]);
});
