import type { Aws } from "../account/clients";
import type { Environment } from "../account/environment";
import { DetachedError, FailedError } from "../terminal/errors";
import type { ProgressTask } from "../terminal/progress";
import { type ExecutionResult, watchExecution } from "./execution";
import { describeFailure, type ExecutionFailure, readFailure } from "./failure";
import { LiveProgress } from "./live-progress";
import { PhaseLines } from "./phases";
import type { Redriven } from "./redriven";

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
 * @throws ExecutionFailedError with the line of the workflow's script that failed, if one did
 */
export async function followToSuccess(
  { aws, workflow }: Pick<Environment, "aws"> & Partial<Pick<Environment, "workflow">>,
  followed: string | Redriven,
  task: ProgressTask,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const result = await followInTask(aws, followed, task, timeoutSeconds, signal);
  if (result.description.status === "SUCCEEDED") return result;
  throw new ExecutionFailedError(result, await readFailure(aws, result.description, workflow));
}

/**
 * Follows an execution and shows its parts in a task: the running state in the title, what has ended as lines.
 *
 * @param followed its ARN; or an execution that was redriven, which is shown from there on
 */
export async function followInTask(
  aws: Aws,
  followed: string | Redriven,
  task: ProgressTask,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const redriven = typeof followed === "string" ? undefined : followed;
  const executionArn = typeof followed === "string" ? followed : followed.arn;
  const title = `Execution ${executionArn.split(":").at(-1)}`;
  task.title = title;
  const phases = new PhaseLines();
  const print = (lines: readonly string[]) => {
    for (const line of lines) task.output = line;
  };
  const progress = new LiveProgress(aws);
  const showProgress = async () => {
    const line = await progress.line();
    if (line !== undefined && isFollowing) task.title = `${title}: ${phases.current}, ${line}`;
  };
  let isFollowing = process.stdout.isTTY;
  const clock = setInterval(() => {
    if (isFollowing) void showProgress();
  }, 1000);
  try {
    const result = await watchExecution(aws.sfn(), executionArn, {
      timeoutSeconds,
      pollMilliseconds: aws.isEmulator ? 500 : 3000,
      signal,
      redriven,
      onVisit: (visit) => {
        print(phases.add(visit));
        progress.watch(visit);
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
    isFollowing = false;
    task.title = title;
  }
}
