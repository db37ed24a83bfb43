/** The gate: the metric that decides about a model, and which of its values pass. */

/** The gate's requirements. */
export interface Gate {
  /** A key of evaluation.json. */
  readonly metric: string;
  /** In the metric's unit; equal is not enough. */
  readonly threshold: number;
  /** The lower bound of the improvement over the model in service must be greater. */
  readonly margin: number;
  /** Which values are better than the threshold. */
  readonly better: "greater" | "smaller";
}

/** The gate in the props; the rest has defaults. */
export interface GateProps {
  readonly metric: string;
  readonly threshold: number;
  /** @default 0 */
  readonly margin?: number;
  /** @default "greater"; required for a metric whose name says that it is an error, such as test_rmse */
  readonly better?: Gate["better"];
}

/** Suffixes of metrics of which smaller values are usually better. */
const errorMetric = /(?:^|[^a-z])(?:r?msl?e|mae|medae|s?mape|deviance|loss|error)$/i;

/**
 * Fills in the defaults.
 *
 * @throws Error if a number is not finite, or if the metric's name says that it is an error and `better` is not set
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
      `gate.better must be set, because the name of ${metric} says that it is an error, and by default only greater values would pass: set better: "smaller", or better: "greater" if that is intended`,
    );
  }
  return { metric, threshold, margin, better: better ?? "greater" };
}

/** Whether a metric's value is better than the threshold. */
export function passesThreshold({ threshold, better }: Gate, value: number): boolean {
  return better === "smaller" ? value < threshold : value > threshold;
}
