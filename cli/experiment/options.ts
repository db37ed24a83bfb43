/** Options of an A/B test and their checks. */

import { InvalidArgumentError } from "commander";
import { UsageError } from "../terminal/errors";

export type Contender = "champion" | "challenger";

/** The parsed options of `npm run experiment`. */
export interface ExperimentOptions {
  readonly weight?: number;
  readonly name?: string;
  readonly rewardRange?: readonly [number, number];
  readonly effect?: number;
  readonly maxErrorRate?: number;
  readonly maxLatency?: number;
  readonly alpha?: number;
  readonly winner?: Contender;
  readonly yes: boolean;
  readonly timeout: number;
}

/** The parameters of a test; docs/ab-tests.md explains them. */
export interface ExperimentNumbers {
  /** The challenger's share of the traffic. */
  readonly weight: number;
  readonly rewardRange: readonly [number, number];
  readonly effect: number;
  readonly maxErrorRate: number;
  /** In milliseconds. */
  readonly maxLatency: number;
  readonly alpha: number;
}

const flags = {
  weight: "--weight",
  name: "--name",
  rewardRange: "--reward-range",
  effect: "--effect",
  maxErrorRate: "--max-error-rate",
  maxLatency: "--max-latency",
  alpha: "--alpha",
  winner: "--winner",
} as const;

const required = ["rewardRange", "effect", "maxErrorRate", "maxLatency"] as const;

/** Parses a share, such as `10%` or `0.1`. */
export function share(text: string): number {
  const [, digits, percent] = /^([\d.]+)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) / (percent ? 100 : 1);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("It must be a share such as 10% or 0.1.");
  return value;
}

/** Parses two numbers, such as `0,1`. */
export function range(text: string): [number, number] {
  const [low, high, ...rest] = text
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (
    low === undefined ||
    high === undefined ||
    rest.length > 0 ||
    !(low < high) ||
    !Number.isFinite(high - low)
  ) {
    throw new InvalidArgumentError("It must be the lowest and highest possible reward, such as 0,1.");
  }
  return [low, high];
}

/**
 * Returns the parameters of a new test.
 *
 * @throws UsageError that names every option that is missing or invalid
 */
export function experimentNumbers(options: ExperimentOptions): ExperimentNumbers {
  refuseOthers("start", options, ["weight", "name", "alpha", ...required]);
  const missing = required.filter((key) => options[key] === undefined).map((key) => flags[key]);
  if (missing.length > 0) {
    throw new UsageError(`start needs ${missing.join(", ")}: docs/ab-tests.md explains them`);
  }
  const numbers = { weight: 0.1, alpha: 0.05, ...options } as ExperimentNumbers;
  const [low, high] = numbers.rewardRange;
  if (numbers.effect >= high - low) {
    throw new UsageError(
      `--effect must be below ${high - low}, the width of --reward-range, got ${numbers.effect}`,
    );
  }
  checkName(options.name);
  return numbers;
}

/**
 * Refuses options of other actions.
 *
 * @throws UsageError that names the first one
 */
export function refuseOthers(
  action: string,
  options: ExperimentOptions,
  known: readonly (keyof typeof flags)[],
): void {
  for (const key of Object.keys(flags) as (keyof typeof flags)[]) {
    if (options[key] !== undefined && !known.includes(key)) {
      throw new UsageError(`${action} does not take ${flags[key]}`);
    }
  }
}

/** A test's name becomes the schedule's name, which allows these characters and this length. */
function checkName(name: string | undefined): void {
  if (name === undefined || /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(name)) return;
  throw new UsageError(
    `--name must be up to 63 letters, digits and hyphens, with no hyphen at either end, got "${name}"`,
  );
}
