/** How long a job waits for quota and capacity, and what it waits for. */

import { type Jsonata, jsonata } from "./jsonata";
import type { WaitState } from "./states";

/** How long the waits of a job are by default, together. */
const defaultWaitForCapacityInSeconds = 7200;

/** A week: what lacks for longer needs a person. */
const longestWaitForCapacityInSeconds = 604_800;

/**
 * Fills in the default.
 *
 * @param job the key of the job in the props
 * @throws Error that names the prop if the value is invalid
 */
export function checkedWaitForCapacity(job: string, given = defaultWaitForCapacityInSeconds): number {
  if (Number.isInteger(given) && given >= 0 && given <= longestWaitForCapacityInSeconds) return given;
  throw new Error(
    `${job}.waitForCapacityInSeconds must be a whole number from 0, which is not to wait, to ${longestWaitForCapacityInSeconds}, a week, got ${given}`,
  );
}

const firstWaitSeconds = 60;
const usualLongestWaitSeconds = 600;
/** Job names have room for the numbers of so many attempts, and an execution's history for their events. */
const mostLongWaits = 60;

/**
 * The waits of a job, in seconds: each twice as long as the one before, up to ten minutes or what makes at most
 * `mostLongWaits` of them. Their sum is the stated time.
 */
export function capacityWaits(waitForCapacityInSeconds: number): number[] {
  const longest = Math.max(usualLongestWaitSeconds, Math.ceil(waitForCapacityInSeconds / mostLongWaits));
  const waits: number[] = [];
  let left = waitForCapacityInSeconds;
  for (let next = firstWaitSeconds; left > 0; next = Math.min(2 * next, longest)) {
    waits.push(Math.min(next, left));
    left -= next;
  }
  return waits;
}

/**
 * The time that a job's waits take at most, with the attempts between them.
 *
 * @param attemptSeconds how long an attempt takes at most to find that there is no capacity
 */
export function longestCapacitySeconds(waitForCapacityInSeconds: number, attemptSeconds: number): number {
  return (
    Math.ceil(waitForCapacityInSeconds * mostJitter) +
    capacityWaits(waitForCapacityInSeconds).length * attemptSeconds
  );
}

/** A wait takes half to one and a half of its time, so that executions that were refused together do not try again together. */
const leastJitter = 0.5;
const mostJitter = leastJitter + 1;

/**
 * JSONata: whether a job that failed can only wait, and has not waited for the stated time: its quota is used up, there
 * were no instances, or calls are throttled.
 *
 * It does not wait for a quota that is smaller than what the job requests, because nothing but a higher quota helps. The
 * names are those of the integration and of FailureReason:
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
 */
export function waitingHelps(waits: readonly number[]): Jsonata {
  return jsonata`$capacityWaits < ${waits.length} and (
    $quota := $match($failure.reason, /is (\d+) Instances?, with current utilization of \d+ Instances? and a request delta of (\d+)/)[0];
    $failure.error = "SageMaker.ResourceLimitExceededException"
      ? $not($exists($quota)) or $number($quota.groups[0]) >= $number($quota.groups[1])
      : $failure.error = "SageMaker.AmazonSageMakerException"
      ? $contains($failure.reason, /Throttl|Rate exceeded|Too many requests/i)
      : $contains($failure.reason, /^(CapacityError|Unable to provision)/)
  )`;
}

/** The variable with what a job waits for. */
export const waitsForVariable = "waitsFor";

/** JSONata: what a job waits for, as the command that follows the execution shows it. */
export function waitText(waitForCapacityInSeconds: number): Jsonata {
  return jsonata`$failure.state & ${` waits for capacity, up to ${durationText(waitForCapacityInSeconds)} in all: `}
    & ($failure.error = "States.TaskFailed" ? "" : $replace($failure.error, /^SageMaker\./, "") & ": ")
    & $substring($failure.reason, 0, 300)`;
}

/** Waits, and counts in `attempt` and `capacityWaits`. */
export function waitForCapacity(waits: readonly number[], next: string): WaitState {
  return {
    Type: "Wait",
    Seconds: jsonata`$ceil(${[...waits]}[$capacityWaits] * (${leastJitter} + $random()))`,
    Assign: { attempt: jsonata`$attempt + 1`, capacityWaits: jsonata`$capacityWaits + 1` },
    Next: next,
  };
}

/** A duration in the largest unit that is whole: 2 h, 90 min, 45 s. */
export function durationText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
