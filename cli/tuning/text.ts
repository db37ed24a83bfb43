import { shortNumber } from "../terminal/number";
import { fewestObservations } from "./importance";
import type { TunedJob, TuningRun } from "./run";

/** Formats a tuning job: what it looks for, its jobs as a table, and the importance of each hyperparameter. */
export function tuningText(run: TuningRun): string {
  const { name, status, reason, strategy, objective, jobs, maxJobs } = run;
  const many = maxJobs === undefined ? jobs.length : `${jobs.length} of at most ${maxJobs}`;
  return [
    `${name}: ${status}${reason === undefined ? "" : `, ${reason}`}`,
    `${strategy} search to ${objective.goal} ${objective.metric}, ${many} training jobs${jobs.length === 0 ? "" : ", the best first"}`,
    ...jobTable(run),
    ...failures(jobs),
    ...importanceLines(run),
  ].join("\n");
}

function jobTable({ name, objective, jobs }: TuningRun): string[] {
  if (jobs.length === 0) return [];
  const names = [...new Set(jobs.flatMap(({ hyperparameters }) => Object.keys(hyperparameters)))].sort();
  const rows = jobs.map((job) => [
    job.isBest ? "★" : "",
    shortName(name, job),
    job.status,
    ...names.map((one) => valueText(job.hyperparameters[one])),
    job.objective === undefined ? "-" : shortNumber(job.objective),
    job.seconds === undefined ? "" : `${Math.round(job.seconds)} s`,
  ]);
  return columns([["", "job", "state", ...names, objective.metric, "time"], ...rows]);
}

/** The part of a training job's name after that of its tuning job. */
function shortName(tuning: string, { name }: TunedJob): string {
  return name.startsWith(`${tuning}-`) ? name.slice(tuning.length + 1) : name;
}

function valueText(value: string | undefined): string {
  if (value === undefined) return "-";
  const number = Number(value);
  return value.trim() === "" || Number.isNaN(number) ? value : shortNumber(number);
}

function failures(jobs: readonly TunedJob[]): string[] {
  const reasons = new Set(
    jobs.flatMap(({ status, reason }) => (status === "Failed" && reason ? [reason] : [])),
  );
  return [...reasons].map((reason) => `  failed: ${reason}`);
}

function importanceLines({ importance, jobs, objective }: TuningRun): string[] {
  if (importance === undefined) {
    const measured = jobs.filter((job) => job.objective !== undefined).length;
    return measured < fewestObservations
      ? [`Importance: only from ${fewestObservations} jobs with a result on, there are ${measured}`]
      : [`Importance: none, all jobs have the same ${objective.metric}`];
  }
  const rows = Object.entries(importance).map(([name, share]) => [name, `${Math.round(100 * share)} %`]);
  return [
    `Importance: how much of the order of the jobs by ${objective.metric} each hyperparameter explains by itself`,
    ...columns(rows),
  ];
}

/** Aligns rows: names to the left, everything from the fourth column on, and the last, to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column < Math.min(3, widths.length - 1);
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    return `  ${cells.join("  ")}`.trimEnd();
  });
}
