import type { Answer } from "./traffic";

/** How a release must end. */
export type Expected = "promoted" | "rolled back";

/** The outcome of one release under traffic. */
export interface Outcome {
  readonly model: string;
  readonly expected: Expected;
  readonly ended: Expected | "failed";
  /** Why it was rolled back or failed. */
  readonly reason?: string;
  readonly seconds: number;
  /** The same duration in alarm periods, at this time scale. */
  readonly alarmPeriods: number;
  readonly requests: number;
  readonly failed: number;
  /** 99th percentile of the response times. */
  readonly p99Milliseconds: number;
}

/** Summarizes the requests during a release. */
export function counted(answers: readonly Answer[]) {
  const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    requests: answers.length,
    failed: answers.filter(({ failure }) => failure !== undefined).length,
    p99Milliseconds: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

/**
 * Lists what went wrong in a rehearsal; empty if everything went as expected.
 *
 * A canary of half of the instances gets half of the requests, within four standard deviations.
 *
 * @param outside requests that failed while no release was running
 */
export function faults(outcomes: readonly Outcome[], outside: number): string[] {
  const during = outcomes.flatMap((outcome) => {
    const { model, expected, ended, requests, failed, reason } = outcome;
    const found: string[] = [];
    if (ended !== expected) {
      found.push(`the model that ${model} must be ${expected}, got ${ended}${reason ? `: ${reason}` : ""}`);
    }
    if (expected === "promoted" && failed > 0) {
      found.push(`${failed} of ${requests} requests failed during the release of a good model`);
    }
    if (failed > requests / 2 + 2 * Math.sqrt(requests)) {
      found.push(`${failed} of ${requests} requests failed, more than the canary's half`);
    }
    return found;
  });
  return outside === 0 ? during : [...during, `${outside} requests failed while no release was running`];
}

/** Formats the outcomes as a table. */
export function outcomesText(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ model, ended, seconds, alarmPeriods, requests, failed, p99Milliseconds }) => [
    `a model that ${model}`,
    ended,
    `${seconds.toFixed(0)} s`,
    alarmPeriods.toFixed(1),
    String(requests),
    `${failed} (${((100 * failed) / Math.max(requests, 1)).toFixed(1)} %)`,
    `${p99Milliseconds.toFixed(0)} ms`,
  ]);
  const all = [["", "ended", "in", "alarm periods", "requests", "failed", "p99"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
