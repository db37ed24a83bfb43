/** What a person says of an A/B test, checked. */

import { InvalidArgumentError } from "commander";
import { UsageError } from "../terminal/errors";

export type Side = "champion" | "challenger";

/** The options of `npm run experiment`, as they were given. */
export interface ExperimentOptions {
  readonly weight?: number;
  readonly name?: string;
  readonly rewardRange?: readonly [number, number];
  readonly effect?: number;
  readonly maxErrorRate?: number;
  readonly maxLatency?: number;
  readonly alpha?: number;
  readonly winner?: Side;
  readonly yes: boolean;
  readonly timeout: number;
}

/** The numbers of a test; docs/ab-tests.md has their meaning. */
export interface ExperimentNumbers {
  /** Share of the traffic that the challenger gets. */
  readonly weight: number;
  readonly rewardRange: readonly [number, number];
  readonly effect: number;
  readonly maxErrorRate: number;
  /** Milliseconds. */
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

/** A share, as `10%` or `0.1`. */
export function share(text: string): number {
  const [, digits, percent] = /^([\d.]+)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) / (percent ? 100 : 1);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("It must be a share such as 10% or 0.1.");
  return value;
}

/** Two numbers, as `0,1`. */
export function range(text: string): [number, number] {
  const [low, high, ...more] = text
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (
    low === undefined ||
    high === undefined ||
    more.length > 0 ||
    !(low < high) ||
    !Number.isFinite(high - low)
  ) {
    throw new InvalidArgumentError("It must be the lowest and the highest reward, such as 0,1.");
  }
  return [low, high];
}

/**
 * The numbers of a test that is to be started.
 *
 * @throws UsageError that names every option that is missing or does not fit the others
 */
export function experimentNumbers(options: ExperimentOptions): ExperimentNumbers {
  refuseOthers("start", options, ["weight", "name", "alpha", ...required]);
  const missing = required.filter((key) => options[key] === undefined).map((key) => flags[key]);
  if (missing.length > 0) {
    throw new UsageError(`start needs ${missing.join(", ")}: docs/ab-tests.md says what they decide`);
  }
  const numbers = { weight: 0.1, alpha: 0.05, ...options } as ExperimentNumbers;
  const [low, high] = numbers.rewardRange;
  if (numbers.effect >= high - low) {
    throw new UsageError(
      `--effect must be less than ${high - low}, the width of --reward-range, got ${numbers.effect}`,
    );
  }
  checkName(options.name);
  return numbers;
}

/** Fails where an option was given that `action` does not know. */
export function refuseOthers(
  action: string,
  options: ExperimentOptions,
  known: readonly (keyof typeof flags)[],
): void {
  for (const key of Object.keys(flags) as (keyof typeof flags)[]) {
    if (options[key] !== undefined && !known.includes(key)) {
      throw new UsageError(`${action} takes no ${flags[key]}`);
    }
  }
}

/** A test's name is part of the schedule's, which has these characters and this length. */
function checkName(name: string | undefined): void {
  if (name === undefined || /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(name)) return;
  throw new UsageError(
    `--name must be letters, digits and dashes, at most 63 and no dash at an end, got "${name}"`,
  );
}
