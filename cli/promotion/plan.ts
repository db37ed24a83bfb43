/** What a promotion will do, told and checked before it is done. */

import { type Gate, passesThreshold } from "../../workflow/gate";
import type { Environment } from "../account/environment";
import { comparisonText, findVersion, type ModelVersion, versionsText } from "../registry/versions";
import { UsageError } from "../terminal/errors";
import { size } from "../terminal/size";
import type { Artifact } from "./copy";
import type { Destination, Registration } from "./version";

/** What of an environment a pair is judged by. */
export type Side = Pick<Environment, "name"> & { readonly prefix: string; readonly isEmulator: boolean };

/**
 * Checks that something can be promoted from one environment to the other.
 *
 * @throws UsageError when they are the same, of different workflows, or one is the emulator and the other is not
 */
export function checkPair(from: Side, to: Side): void {
  if (from.name === to.name) {
    throw new UsageError(
      `${from.name} is both environments; a version that is there already is put in service with npm run rollback -- ${from.name} <version>`,
    );
  }
  if (from.prefix !== to.prefix) {
    throw new UsageError(
      `${from.name} and ${to.name} have different workflows, ${from.prefix} and ${to.prefix}: a version is promoted within one`,
    );
  }
  if (from.isEmulator !== to.isEmulator) {
    const [emulated, other] = from.isEmulator ? [from, to] : [to, from];
    throw new UsageError(
      `${emulated.name} is the emulator and ${other.name} is not: a version is promoted between environments on AWS`,
    );
  }
}

/**
 * The version to promote: the one of this number or, without one, the one that serves.
 *
 * @throws UsageError when there is none; it says which there are
 */
export function chooseVersion(
  environment: string,
  versions: readonly ModelVersion[],
  number: number | undefined,
): ModelVersion {
  if (number !== undefined) return findVersion(versions, number);
  const serving = versions.find(({ serves }) => serves);
  if (serving !== undefined) return serving;
  throw new UsageError(
    `No version serves in ${environment}; name the one to promote\n${versionsText(versions)}`,
  );
}

/**
 * Checks a version's metrics against the gate of the environment that it goes to, which may ask for more.
 *
 * @throws UsageError when the metric is missing or does not pass
 */
export function checkGate({ version, metrics }: ModelVersion, environment: string, gate: Gate): void {
  const value = metrics[gate.metric];
  if (value !== undefined && passesThreshold(gate, value)) return;
  throw new UsageError(
    `Version ${version} does not pass the gate of ${environment}: ${gate.metric} is ${value ?? "not among its metrics"}, and must be ${gate.better} than ${gate.threshold}. Promote another one, or change the gate of ${environment} in config.ts`,
  );
}

/** What is shown before the question. */
export interface PromotionSummary {
  readonly from: string;
  readonly to: string;
  readonly chosen: ModelVersion;
  /** The version that serves in `to`. */
  readonly champion?: ModelVersion;
  readonly artifacts: readonly Artifact[];
  readonly destination: Destination;
  readonly registration: Registration;
  /** ARN of the state machine that is deployed in `to`. */
  readonly stateMachineArn: string;
  /** The version that an earlier promotion has registered. */
  readonly existing?: ModelVersion;
}

export function promotionText(summary: PromotionSummary): string {
  const { from, to, chosen, champion, artifacts, destination, existing } = summary;
  const bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const approval = existing?.approval ?? summary.registration.ModelApprovalStatus;
  const registered =
    existing === undefined ? "a new version" : `version ${existing.version}, registered before`;
  return [
    `Version ${chosen.version} of ${from} for ${to}`,
    `  from      ${place(chosen.arn)}`,
    `  to        ${place(summary.stateMachineArn)}`,
    `  copies    ${size(bytes)}: ${artifacts.map(({ name, bytes }) => `${name} ${size(bytes)}`).join(", ")}`,
    `  into      s3://${destination.bucketName}/${destination.folder}`,
    `  as        ${registered}, ${approval === "Approved" ? "which is released at once" : `which is ${approval}`}`,
    comparisonText(chosen, champion, {
      challenger: `${from} ${chosen.version}`,
      champion: `${to} ${champion?.version}`,
    }),
  ].join("\n");
}

function place(arn: string): string {
  const [, , , region, account] = arn.split(":");
  return `account ${account}, region ${region}`;
}
