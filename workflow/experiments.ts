/** A/B tests as plain data: the names of what belongs to them, and what their controller is told. */

import { baseName, type NameScope } from "./names";

/** The variant of the model that is tried; the champion keeps the name that it serves under. */
export const challengerVariant = "challenger";

/** How often the controller looks. */
export const lookEvery = "rate(5 minutes)";

/** The source of the events that the controller sends. */
export const experimentEventSource = "sagemaker-workflow.experiments";

/** The name of the function that looks at A/B tests. */
export function experimentControllerName(scope: NameScope): string {
  return `${baseName(scope)}-experiment-controller`;
}

/** The group that holds the schedule of a test that runs, from what names in the environment start with. */
export function experimentGroupName(base: string): string {
  return `${base}-experiments`;
}

/** What the controller is told at each look; docs/ab-tests.md has the meaning of each key. */
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

/** A variant as the controller's decision tells of it. */
export interface VariantDecision {
  readonly Invocations: number;
  readonly Errors: number;
  /** Mean latency of the latest whole minutes with traffic, oldest first. */
  readonly LatenciesMilliseconds: readonly number[];
  readonly Rewards: number;
  readonly MeanReward: number | null;
  /** To the champion; null for the champion, and while there are no rewards. */
  readonly Difference: { readonly Estimate: number; readonly Low: number; readonly High: number } | null;
  /** Why it was stopped. */
  readonly Stopped: string | null;
}

/** decision.json: the controller's last look. */
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
  /** Objects of rewards that the next look will read. */
  readonly WaitingObjects: number;
}
