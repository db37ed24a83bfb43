/** A/B tests as plain data: the names of their resources, and the controller's event. */

import { baseName, type NameScope } from "./names";

/** The name of the challenger's variant; the champion keeps its name. */
export const challengerVariant = "challenger";

/** How often the controller checks a test. */
export const checkSchedule = "rate(5 minutes)";

/** The source of the events that the controller sends. */
export const experimentEventSource = "sagemaker-workflow.experiments";

/** The name of the function that checks A/B tests. */
export function experimentControllerName(scope: NameScope): string {
  return `${baseName(scope)}-experiment-controller`;
}

/** The group for the schedule of a running test, from the prefix of names in the environment. */
export function experimentGroupName(base: string): string {
  return `${base}-experiments`;
}

/** The controller's event at each check; docs/ab-tests.md explains each key. */
export interface ExperimentEvent {
  readonly Experiment: string;
  readonly EndpointName: string;
  readonly S3Bucket: string;
  readonly Champion: string;
  readonly Challengers: readonly string[];
  readonly RewardRange: readonly [number, number];
  readonly Effect: number;
  readonly MaxErrorRate: number;
  readonly MaxLatencyMilliseconds: number;
  readonly Alpha: number;
  readonly RewardPrefix: string;
}

/** A variant in the controller's decision. */
export interface VariantDecision {
  readonly Invocations: number;
  readonly Errors: number;
  /** Mean latency of the latest whole minutes with traffic, oldest first. */
  readonly LatenciesMilliseconds: readonly number[];
  readonly Rewards: number;
  readonly MeanReward: number | null;
  /** Difference from the champion; null for the champion, and without rewards. */
  readonly Difference: { readonly Estimate: number; readonly Low: number; readonly High: number } | null;
  /** The reason why it was stopped. */
  readonly Stopped: string | null;
}

/** decision.json: the controller's last check. */
export interface ExperimentDecision {
  readonly Experiment: string;
  readonly EndpointName: string;
  readonly Verdict: "promote" | "hold" | "stop" | "rollBack";
  readonly Winner: string | null;
  readonly Reasons: readonly string[];
  readonly Final: boolean;
  readonly Applied: boolean;
  readonly DecidedAt: string;
  readonly Champion: string;
  readonly Variants: Readonly<Record<string, VariantDecision>>;
  /** Reward objects that the next check will read. */
  readonly WaitingObjects: number;
}
