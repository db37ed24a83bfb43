import type { DrillReport } from "./campaign";
import { counts, type DrivenPart } from "./coverage";

/** Formats what a drill has found. */
export function drillText(report: DrillReport): string {
  const { definitions, executions, faults, redriven, resumed, parts, problems } = report;
  const kinds = (["state", "retrier", "catcher", "rule"] as const).map((kind) => counts(parts, kind));
  const lines = [
    `${definitions} definitions, ${executions} executions, ${faults} of them with a fault`,
    "",
    ...kinds.map(
      ({ kind, driven, reachable, unreachable }) =>
        `  ${`${kind}s`.padEnd(10)}${`${driven} of ${reachable} driven`.padEnd(20)}${unreachable > 0 ? `${unreachable} cannot be` : ""}`,
    ),
    "",
    `  ${redriven} tasks failed uncaught, were redriven and went on; ${resumed} named failures were gone on from as the command says`,
    ...reasonsText(parts),
  ];
  return `\n${lines.join("\n")}${problems.length > 0 ? "" : "\n\nEvery end was as expected."}`;
}

/** The parts that nothing can drive, by reason. */
function reasonsText(parts: readonly DrivenPart[]): string[] {
  const byReason = new Map<string, Set<string>>();
  for (const { name, unreachable } of parts) {
    if (unreachable === undefined) continue;
    byReason.set(unreachable, (byReason.get(unreachable) ?? new Set()).add(name));
  }
  return [...byReason].flatMap(([reason, names]) => [
    "",
    `Cannot be driven: ${[...names].join("; ")}`,
    `  ${reason}`,
  ]);
}
