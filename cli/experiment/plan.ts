/** The resources of a test, as plain values. */

import { createHash } from "node:crypto";
import type { ProductionVariant } from "@aws-sdk/client-sagemaker";
import { challengerVariant, type ExperimentEvent } from "../../workflow/experiments";
import { prefixes } from "../../workflow/prefixes";
import type { ExperimentNumbers } from "./options";

/** The champion as it is, and the challenger on the same number of instances, so that either can carry all traffic. */
export function experimentVariants(
  champion: ProductionVariant,
  instanceCount: number,
  challengerModel: string,
  weight: number,
): [ProductionVariant, ProductionVariant] {
  const served = { ...champion, InitialInstanceCount: instanceCount };
  return [
    { ...served, InitialVariantWeight: rounded(1 - weight) },
    {
      ...served,
      VariantName: challengerVariant,
      ModelName: challengerModel,
      InitialVariantWeight: rounded(weight),
    },
  ];
}

/** Rounds, for example, 1 - 0.9 to 0.1. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The configuration's name: unique for each test and its variants, and always the same for them. */
export function experimentConfigName(
  baseName: string,
  experiment: string,
  variants: readonly ProductionVariant[],
): string {
  return `${baseName}-config-test-${hash(JSON.stringify([experiment, variants]), 12)}`;
}

/** The controller's event. Each test has its own folder for rewards, because variant names are reused. */
export function experimentEvent(
  experiment: string,
  endpoint: string,
  bucket: string,
  champion: string,
  numbers: ExperimentNumbers,
): ExperimentEvent {
  return {
    Experiment: experiment,
    EndpointName: endpoint,
    S3Bucket: bucket,
    Champion: champion,
    Challengers: [challengerVariant],
    RewardRange: numbers.rewardRange,
    Effect: numbers.effect,
    MaxErrorRate: numbers.maxErrorRate,
    MaxLatencyMilliseconds: numbers.maxLatency,
    Alpha: numbers.alpha,
    RewardPrefix: `${prefixes.rewards}${endpoint}/${experiment}/`,
  };
}

/**
 * How many rewards of both variants together to expect until a decision.
 *
 * The rule in docs/ab-tests.md for equal shares, scaled by the variance that an uneven split adds: 2.8 times at 10 %.
 */
export function expectedRewards({ rewardRange: [low, high], effect, weight }: ExperimentNumbers): number {
  const ofEach = (24 * ((high - low) / 2) ** 2) / effect ** 2;
  return (2 * ofEach) / (4 * weight * (1 - weight));
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
