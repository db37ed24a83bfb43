import { readFileSync } from "node:fs";
import { gateSettings, passesThreshold } from "../../workflow/gate";

describe("gateSettings", () => {
  it("asks for a greater value, without a margin, unless told otherwise", () => {
    expect(gateSettings({ metric: "test_r2", threshold: 0.7 })).toEqual({
      metric: "test_r2",
      threshold: 0.7,
      margin: 0,
      better: "greater",
    });
    const smaller = { metric: "test_rmse", threshold: 0.6, margin: 0.01, better: "smaller" } as const;
    expect(gateSettings(smaller)).toEqual(smaller);
  });

  it.each([
    ...["rmse", "test_rmse", "val-MAE", "mape", "test_mse", "validation:loss", "error"],
    ...["test_medae", "rmsle", "smape", "mean_deviance"],
  ])("fails for %s without a direction, and names the two ways out", (metric) => {
    expect(() => gateSettings({ metric, threshold: 1 })).toThrow(
      `gate.better must be set, because the name of ${metric} says that it is an error, and by default only greater values would pass: set better: "smaller", or better: "greater" if that is intended`,
    );
    expect(gateSettings({ metric, threshold: 1, better: "greater" }).better).toBe("greater");
  });

  it.each(["test_r2", "accuracy", "f1", "error_free_rate", "flossiness", "terror"])(
    "takes %s for what is better greater",
    (metric) => expect(gateSettings({ metric, threshold: 1 }).better).toBe("greater"),
  );

  it("fails for another direction", () => {
    const gate = { metric: "test_r2", threshold: 0.7, better: "lower" as "smaller" };
    expect(() => gateSettings(gate)).toThrow('gate.better must be "greater" or "smaller", got "lower"');
  });
});

it.each([
  ["greater", 0.71, true],
  ["greater", 0.7, false],
  ["smaller", 0.69, true],
  ["smaller", 0.7, false],
] as const)("where %s is better, %s against 0.7 passes: %s", (better, value, passes) => {
  expect(passesThreshold({ metric: "m", threshold: 0.7, margin: 0, better }, value)).toBe(passes);
});

it("knows which values are better by the words of the comparison script", () => {
  const script = readFileSync("python/scripts/comparison_statistics.py", "utf8");
  const metrics = [...script.matchAll(/^ {4}"(\w+)": Metric\(".+", "(\w+)"\),$/gm)];
  expect(metrics.length).toBeGreaterThan(2);
  for (const [, metric = "", better] of metrics) {
    expect(gateSettings({ metric, threshold: 1, better: better as "greater" }).better).toBe(better);
    // A metric that is better smaller has to be known as an error, or its gate would be upside down by default.
    if (better === "smaller")
      expect(() => gateSettings({ metric, threshold: 1 })).toThrow("gate.better must be set");
  }
});
