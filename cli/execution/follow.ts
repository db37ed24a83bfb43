import type { Aws } from "../account/clients";
import { DetachedError, FailedError } from "../terminal/errors";
import type { ProgressTask } from "../terminal/progress";
import { type ExecutionResult, watchExecution } from "./execution";
import { describeFailure, type ExecutionFailure, readFailure } from "./failure";
import { type StateVisit, secondsBetween } from "./history";
import { PhaseLines } from "./phases";

/** An execution that did not succeed; the message says why. */
export class ExecutionFailedError extends FailedError {
  constructor(
    readonly result: ExecutionResult,
    readonly failure: ExecutionFailure,
  ) {
    super(describeFailure(failure));
  }
}

/**
 * Follows an execution as `followInTask` does, and returns it if it succeeded.
 *
 * @throws ExecutionFailedError
 */
export async function followToSuccess(
  ...followed: Parameters<typeof followInTask>
): Promise<ExecutionResult> {
  const result = await followInTask(...followed);
  if (result.description.status === "SUCCEEDED") return result;
  const [aws] = followed;
  throw new ExecutionFailedError(result, await readFailure(aws, result.description));
}

/** Follows an execution and shows its parts in a task: the running state in the title, what has ended as lines. */
export async function followInTask(
  aws: Aws,
  executionArn: string,
  task: ProgressTask,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const title = `Execution ${executionArn.split(":").at(-1)}`;
  task.title = title;
  const phases = new PhaseLines();
  const print = (lines: readonly string[]) => {
    for (const line of lines) task.output = line;
  };
  let running: StateVisit | undefined;
  const clock = setInterval(() => {
    if (running !== undefined) task.title = `${title}: ${phases.current}, ${progressOf(running)}`;
  }, 1000);
  try {
    const result = await watchExecution(aws.sfn(), executionArn, {
      timeoutSeconds,
      pollMilliseconds: aws.isEmulator ? 500 : 3000,
      signal,
      onVisit: (visit) => {
        print(phases.add(visit));
        if (process.stdout.isTTY) running = visit;
      },
    });
    print(phases.finish(result.description.status === "SUCCEEDED"));
    return result;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new DetachedError(
      `Stopped following ${executionArn}, which continues. Follow it again with --attach ${executionArn.split(":").at(-1)}`,
    );
  } finally {
    clearInterval(clock);
    task.title = title;
  }
}

/** What a state does, and for how long it has. */
function progressOf({ name, visit, job, startedAt, endedAt }: StateVisit): string {
  const times = visit > 1 ? `, time ${visit}` : "";
  const seconds = Math.round(secondsBetween(startedAt, endedAt ?? new Date()));
  return `${job ?? name}${times}, ${seconds} s`;
}
