/** The printed texts about registered versions. */

import { type Gate, passesThreshold } from "../../workflow/gate";
import { shortNumber, signedNumber } from "../terminal/number";
import type { ModelVersion } from "./model-versions";

/** Whether the version still needs to be approved or rejected. */
export function waits({ approval }: ModelVersion): boolean {
  return approval === "PendingManualApproval";
}

/** Formats the versions as a list, each with its metric of the gate that a release in this environment must pass. */
export function versionsText(versions: readonly ModelVersion[], gate: Gate): string {
  if (versions.length === 0) return "No version is registered yet.";
  const rows = versions.map((one) => {
    const since = one.since?.toISOString().slice(0, 16).replace("T", " ") ?? "";
    const cells = [
      `  ${String(one.version).padStart(4)}`,
      one.approval.padEnd(21),
      gateText(one, gate),
      since,
      one.properties.execution ?? "",
      ...(one.inService ? ["in service"] : []),
    ];
    return cells.join("  ");
  });
  return ["Versions (newest first)", ...rows].join("\n");
}

/** Formats a version's metric next to the gate's threshold. */
function gateText({ metrics }: ModelVersion, gate: Gate): string {
  const value = metrics[gate.metric];
  if (value === undefined) return `no ${gate.metric}`;
  const comparison = `${gate.better === "smaller" ? "<" : ">"} ${gate.threshold}`;
  return `${gate.metric} ${shortNumber(value, gate.threshold)}${passesThreshold(gate, value) ? "" : ", not"} ${comparison}`;
}

/** Describes in one line which version is in service, and which ones wait for whom. */
export function servingText(environment: string, versions: readonly ModelVersion[]): string {
  const serving = versions.find(({ inService }) => inService);
  const [newest, ...older] = versions.filter(waits);
  const served =
    serving === undefined ? "no version is in service" : `version ${serving.version} is in service`;
  if (newest === undefined) return served;
  const others = older.length === 0 ? "" : ` (and ${older.map(({ version }) => version).join(", ")})`;
  return `${served}; version ${newest.version}${others} waits for approval: npm run approve -- ${environment} ${newest.version}`;
}

/** Formats the metrics of two versions side by side, with their difference. */
export function comparisonText(
  challenger: ModelVersion,
  champion: ModelVersion | undefined,
  labels = { challenger: `version ${challenger.version}`, champion: `version ${champion?.version}` },
): string {
  const names = Object.keys(challenger.metrics);
  const serving = `${champion === undefined ? "nothing" : labels.champion} in service`;
  const cell = (value: number | undefined) => (value === undefined ? "-" : shortNumber(value));
  const difference = (name: string) => {
    const [now, before] = [challenger.metrics[name], champion?.metrics[name]];
    return now === undefined || before === undefined ? "" : signedNumber(now - before);
  };
  return columns([
    ["", labels.challenger, serving, champion === undefined ? "" : "difference"],
    ...names.map((name) => [
      name,
      cell(challenger.metrics[name]),
      cell(champion?.metrics[name]),
      difference(name),
    ]),
  ]);
}

/** Aligns rows: the first column to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ");
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join("\n");
}
