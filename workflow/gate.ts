/** The gate: which metric decides about a model, and which values of it are good. */

/** What the gate asks for. */
export interface Gate {
  /** A key of evaluation.json. */
  readonly metric: string;
  /** In the metric's unit; to equal it is not enough. */
  readonly threshold: number;
  /** The lower bound of the improvement over the model that serves must be greater. */
  readonly margin: number;
  /** Which values are better: the metric must be on that side of the threshold. */
  readonly better: "greater" | "smaller";
}

/** What someone says of it; the rest has defaults. */
export interface GateProps {
  readonly metric: string;
  readonly threshold: number;
  /** @default 0 */
  readonly margin?: number;
  /** @default "greater"; for a metric that is an error by its name, such as test_rmse, it must be said */
  readonly better?: Gate["better"];
}

/** How the names of metrics end that are better the smaller they are. */
const errorMetric = /(?:^|[^a-z])(?:rmse|mse|mae|mape|loss|error)$/i;

/**
 * Fills in the defaults.
 *
 * @throws Error when a number is not finite, or the metric is an error by its name and `better` is not given
 */
export function gateSettings({ metric, threshold, margin = 0, better }: GateProps): Gate {
  for (const [name, value] of Object.entries({ threshold, margin })) {
    if (!Number.isFinite(value)) throw new Error(`gate.${name} must be a finite number, got ${value}`);
  }
  if (better !== undefined && better !== "greater" && better !== "smaller") {
    throw new Error(`gate.better must be "greater" or "smaller", got ${JSON.stringify(better)}`);
  }
  if (better === undefined && errorMetric.test(metric)) {
    throw new Error(
      `gate.better is missing: ${metric} is an error by its name, and by default only a greater value would pass. Say better: "smaller", or better: "greater" where that is meant`,
    );
  }
  return { metric, threshold, margin, better: better ?? "greater" };
}

/** Whether a metric's value is on the good side of the threshold. */
export function passesThreshold({ threshold, better }: Gate, value: number): boolean {
  return better === "smaller" ? value < threshold : value > threshold;
}
