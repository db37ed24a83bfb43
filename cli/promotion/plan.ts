/** Checks and describes a promotion before it starts. */

import { type Gate, passesThreshold } from "../../workflow/gate";
import type { Environment } from "../account/environment";
import type { Registration } from "../registry/deployed-release";
import { findVersion, type ModelVersion } from "../registry/model-versions";
import { comparisonText, versionsText } from "../registry/text";
import { UsageError } from "../terminal/errors";
import { shortNumber } from "../terminal/number";
import { size } from "../terminal/size";
import type { Artifact } from "./copy";
import type { Destination } from "./version";

/** The properties of an environment that decide whether a promotion is possible. */
export type PromotionEnd = Pick<Environment, "name"> & {
  readonly prefix: string;
  readonly isEmulator: boolean;
};

/**
 * Checks that versions can be promoted from one environment to the other.
 *
 * @throws UsageError if they are the same, have different workflows, or only one is the emulator
 */
export function checkPair(from: PromotionEnd, to: PromotionEnd): void {
  if (from.name === to.name) {
    throw new UsageError(
      `The environments must be different, got ${from.name} twice: put one of its versions in service with npm run rollback -- ${from.name} <version>`,
    );
  }
  if (from.prefix !== to.prefix) {
    throw new UsageError(
      `${from.name} and ${to.name} must have the same workflow, got ${from.prefix} and ${to.prefix}`,
    );
  }
  if (from.isEmulator !== to.isEmulator) {
    const [emulated, other] = from.isEmulator ? [from, to] : [to, from];
    throw new UsageError(
      `Both environments must be on AWS, got the emulator (${emulated.name}) and ${other.name}`,
    );
  }
}

/**
 * Returns the version to promote: the one with this number or, without a number, the one in service.
 *
 * @throws UsageError if there is none, with a list of the versions
 */
export function chooseVersion(
  environment: string,
  versions: readonly ModelVersion[],
  number: number | undefined,
  gate: Gate,
): ModelVersion {
  if (number !== undefined) return findVersion(versions, number);
  const serving = versions.find(({ inService }) => inService);
  if (serving !== undefined) return serving;
  throw new UsageError(
    `No version is in service in ${environment}: pass the number of the version to promote\n${versionsText(versions, gate)}`,
  );
}

/**
 * Checks a version's metrics against the gate of the destination environment, which may be stricter.
 *
 * @throws UsageError if the metric is missing or does not pass
 */
export function checkGate({ version, metrics }: ModelVersion, environment: string, gate: Gate): void {
  const value = metrics[gate.metric];
  if (value !== undefined && passesThreshold(gate, value)) return;
  throw new UsageError(
    `Version ${version} does not pass the gate of ${environment}: ${gate.metric} must be ${gate.better} than ${gate.threshold}, got ${value === undefined ? "no such metric" : shortNumber(value, gate.threshold)}: promote another version, or change the gate of ${environment} in config.ts`,
  );
}

/** What is shown before the confirmation. */
interface PromotionSummary {
  readonly from: string;
  readonly to: string;
  readonly chosen: ModelVersion;
  /** The version in service in `to`. */
  readonly champion?: ModelVersion;
  readonly artifacts: readonly Artifact[];
  readonly destination: Destination;
  readonly registration: Registration;
  /** ARN of the state machine deployed in `to`. */
  readonly stateMachineArn: string;
  /** The version that an earlier promotion registered. */
  readonly existing?: ModelVersion;
}

export function promotionText(summary: PromotionSummary): string {
  const { from, to, chosen, champion, artifacts, destination, existing } = summary;
  const bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const approval = existing?.approval ?? summary.registration.ModelApprovalStatus;
  const registered =
    existing === undefined ? "a new version" : `version ${existing.version}, already registered`;
  return [
    `Version ${chosen.version} of ${from} for ${to}`,
    `  from      ${accountAndRegion(chosen.arn)}`,
    `  to        ${accountAndRegion(summary.stateMachineArn)}`,
    `  copies    ${size(bytes)}: ${artifacts.map(({ name, bytes }) => `${name} ${size(bytes)}`).join(", ")}`,
    `  into      s3://${destination.bucketName}/${destination.folder}`,
    `  as        ${registered}, ${approval === "Approved" ? "which will be released at once" : `which is ${approval}`}`,
    comparisonText(chosen, champion, {
      challenger: `${from} ${chosen.version}`,
      champion: `${to} ${champion?.version}`,
    }),
  ].join("\n");
}

function accountAndRegion(arn: string): string {
  const [, , , region, account] = arn.split(":");
  return `account ${account}, region ${region}`;
}
