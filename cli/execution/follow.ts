import type { Aws } from "../account/clients";
import { DetachedError, FailedError } from "../terminal/errors";
import type { ProgressTask } from "../terminal/progress";
import { type ExecutionResult, watchExecution } from "./execution";
import { describeFailure, type ExecutionFailure, readFailure } from "./failure";
import { visitLine } from "./history";

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

/** Follows an execution and shows its states in a task: running states in the title, ended states as lines. */
export async function followInTask(
  aws: Aws,
  executionArn: string,
  task: ProgressTask,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const title = `Execution ${executionArn.split(":").at(-1)}`;
  task.title = title;
  const shown = new Set<string>();
  try {
    const result = await watchExecution(aws.sfn(), executionArn, {
      timeoutSeconds,
      pollMilliseconds: aws.isEmulator ? 500 : 3000,
      signal,
      onVisit: (visit) => {
        if (visit.endedAt === undefined) {
          if (process.stdout.isTTY) task.title = `${title}: ${visitLine(visit).replace(/\s+/g, " ")}`;
          return;
        }
        if (!["Task", "Map"].includes(visit.type)) return;
        // Polling states are shown once, not every few seconds.
        const line =
          visit.visit > 1 && visit.error === undefined && visit.job === undefined ? visit.name : "";
        if (line !== "" && shown.has(line)) return;
        shown.add(visit.name);
        task.output = visitLine(visit);
      },
    });
    task.title = title;
    return result;
  } catch (error) {
    task.title = title;
    if (!signal.aborted) throw error;
    throw new DetachedError(
      `Stopped following ${executionArn}, which continues. Follow it again with --attach ${executionArn.split(":").at(-1)}`,
    );
  }
}
