/** What a test makes, as plain values. */

import { createHash } from "node:crypto";
import type { ProductionVariant } from "@aws-sdk/client-sagemaker";
import { challengerVariant, type ExperimentEvent } from "../../workflow/experiments";
import { prefixes } from "../../workflow/settings";
import type { ExperimentNumbers } from "./options";

/** A name of the release's own for the version's model: the same that `versionName` of workflow/names.ts makes. */
export function versionModelName(baseName: string, version: number, arn: string, created: Date): string {
  return `${baseName}-model-v${version}-${hash(`${arn}${instant(created)}`, 8)}`;
}

/** A time as Step Functions writes those of AWS's SDK for Java: no fraction where there are no milliseconds. */
function instant(time: Date): string {
  return time.toISOString().replace(".000Z", "Z");
}

/** The champion as it serves, and the challenger on the same instances, so that either can carry all traffic. */
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

/** 1 - 0.1 is 0.9, not 0.90000…02. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The configuration's name: another one for each test and whatever serves in it, the same when it is asked again. */
export function experimentConfigName(
  baseName: string,
  experiment: string,
  variants: readonly ProductionVariant[],
): string {
  return `${baseName}-config-test-${hash(JSON.stringify([experiment, variants]), 12)}`;
}

/** The controller's event. Rewards of each test have a folder of their own, since the variants' names return. */
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
 * How many rewards, of both variants together, to expect until a decision.
 *
 * The rule of docs/ab-tests.md for two halves, grown by the variance that an uneven split adds: 2.8 times at 10 %.
 */
export function expectedRewards({ rewardRange: [low, high], effect, weight }: ExperimentNumbers): number {
  const ofEach = (24 * ((high - low) / 2) ** 2) / effect ** 2;
  return (2 * ofEach) / (4 * weight * (1 - weight));
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
