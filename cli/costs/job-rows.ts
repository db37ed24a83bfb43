/** The cost of jobs, and notes on it. */

import type { JobSize } from "./definition-sizes";
import type { Durations } from "./durations";
import { instanceItem } from "./prices";
import { type CostRow, type MakeRow, usd } from "./rows";

const largestSpotDiscount = 0.9;

/** The cost of a job, at its assumed duration. */
export function jobRow(job: JobSize, durations: Durations, row: MakeRow): CostRow {
  const { state, use, instanceType, instanceCount, jobs } = job;
  const minutes = durations[`${use}Minutes`];
  const times = jobs > 1 ? `${jobs} jobs × ` : "";
  return row(
    `${state}, ${times}${instanceCount} × ${instanceType ?? "instance"} × ${minutes} min`,
    instanceType === undefined ? undefined : instanceItem(use, instanceType),
    (jobs * instanceCount * minutes) / 60,
    "hour",
  );
}

/** A warm pool is billed as the job is, until the next job of the same kind takes it, or its time is over. */
export function warmPoolRow(
  { state, use, instanceType, instanceCount, keepAliveSeconds }: JobSize,
  row: MakeRow,
) {
  if (keepAliveSeconds === undefined) return [];
  const minutes = Math.round(keepAliveSeconds / 6) / 10;
  return [
    row(
      `${state}, warm pool, ${instanceCount} × ${instanceType ?? "instance"} × up to ${minutes} min`,
      instanceType === undefined ? undefined : instanceItem(use, instanceType),
      (instanceCount * keepAliveSeconds) / 3600,
      "hour",
    ),
  ];
}

/** The discount of spot instances changes all the time, and the pages of AWS give a bound only. */
export function spotNote({ what, usd: onDemand, approximate }: CostRow): string {
  const range =
    onDemand === undefined
      ? ""
      : `: ${usd(onDemand * (1 - largestSpotDiscount), approximate)} to ${usd(onDemand, approximate)} a run`;
  return `${what} runs on spot instances and is in the sums at the price on demand. AWS names savings of up to ${100 * largestSpotDiscount} %${range}; what a job repeats after an interruption comes in addition. (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html)`;
}

export function singleTrainingNote(what: string): string {
  return `The sums have the largest number of training jobs. With "Tuning": false in its input, a run has ${what} instead.`;
}
