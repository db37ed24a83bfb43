import type { Answer } from "./traffic";

/** What a release is to end in. */
export type Expected = "promoted" | "rolled back";

/** How one release went, under traffic. */
export interface Outcome {
  readonly model: string;
  readonly expected: Expected;
  readonly ended: Expected | "failed";
  /** Why it was rolled back or failed. */
  readonly reason?: string;
  readonly seconds: number;
  /** The same in periods of the alarms, as they are at this time scale. */
  readonly alarmPeriods: number;
  readonly requests: number;
  readonly failed: number;
  /** 99th percentile of answers. */
  readonly p99Milliseconds: number;
}

/** Counts what was asked while a release ran. */
export function counted(answers: readonly Answer[]) {
  const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    requests: answers.length,
    failed: answers.filter(({ failure }) => failure !== undefined).length,
    p99Milliseconds: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

/**
 * What is wrong with a rehearsal; nothing where it went as it should.
 *
 * A canary of half of the instances gets half of the requests, give or take chance: four standard deviations.
 *
 * @param outside requests that failed while no release ran
 */
export function faults(outcomes: readonly Outcome[], outside: number): string[] {
  const told = outcomes.flatMap((outcome) => {
    const { model, expected, ended, requests, failed, reason } = outcome;
    const found: string[] = [];
    if (ended !== expected) {
      found.push(`the model that ${model} was to be ${expected}, and ${ended}${reason ? `: ${reason}` : ""}`);
    }
    if (expected === "promoted" && failed > 0) {
      found.push(`${failed} of ${requests} requests failed while a good model was moved in`);
    }
    if (failed > requests / 2 + 2 * Math.sqrt(requests)) {
      found.push(`${failed} of ${requests} requests failed, more than the canary's half`);
    }
    return found;
  });
  return outside === 0 ? told : [...told, `${outside} requests failed while no release ran`];
}

/** The outcomes as a table. */
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
