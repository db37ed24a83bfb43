import { setTimeout as sleep } from "node:timers/promises";
import { durationText } from "../../workflow/asl/capacity";
import { DetachedError } from "../terminal/errors";

/** How long a throttled call is made again, in addition to the retries of the SDK. */
const longestSeconds = 300;
const firstPauseSeconds = 2;
const longestPauseSeconds = 30;

/**
 * Error names with which AWS asks to call again later; young accounts have low rates and few running executions.
 *
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 * https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
 */
const throttlingErrors = new Set([
  "ThrottlingException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "ExecutionLimitExceeded",
]);

export interface ThrottledOptions {
  /** Called with what is waited for, before each wait. */
  readonly onWait?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** @default - waits */
  readonly pause?: (seconds: number) => Promise<unknown>;
}

/** Makes a call that may be made twice until AWS no longer throttles it, for up to five minutes. */
export async function whileThrottled<T>(call: () => Promise<T>, options: ThrottledOptions = {}): Promise<T> {
  const { onWait, signal, pause = (seconds) => sleep(seconds * 1000, undefined, { signal }) } = options;
  let waited = 0;
  for (let longest = firstPauseSeconds; ; longest = Math.min(2 * longest, longestPauseSeconds)) {
    try {
      return await call();
    } catch (error) {
      const { name, message } = error as Error;
      if (!throttlingErrors.has(name) || waited >= longestSeconds) throw error;
      // Half to one and a half of the time, so that commands that were throttled together do not call together again.
      const seconds = Math.min(longest * (0.5 + Math.random()), longestSeconds - waited);
      onWait?.(
        `waiting until AWS accepts the start, up to ${durationText(longestSeconds)}: ${name}: ${message}`,
      );
      await pause(seconds).catch(() => {
        throw new DetachedError("Interrupted before an execution was started");
      });
      waited += seconds;
    }
  }
}
