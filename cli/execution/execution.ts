import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
} from "@aws-sdk/client-sfn";
import type { ExecutionInput } from "../../workflow/execution-input";
import type { MonitorInput } from "../../workflow/steps/monitor-input";
import type { RetrainInput } from "../../workflow/steps/retrain-input";
import { poll } from "../account/poll";
import { CliError, explain, OutcomeUnknownError, UsageError } from "../terminal/errors";
import { ExecutionHistory, type StateVisit } from "./history";
import type { Redriven } from "./redriven";
import { type ThrottledOptions, whileThrottled } from "./throttled";

/** An execution's description, and the states that it visited. */
export interface ExecutionResult {
  readonly description: DescribeExecutionCommandOutput;
  readonly visits: readonly StateVisit[];
}

/** Starts an execution and returns its ARN; waits while AWS throttles the call. */
export async function startExecution(
  sfn: SFNClient,
  stateMachineArn: string,
  name: string,
  input: ExecutionInput | MonitorInput | RetrainInput,
  options: ThrottledOptions = {},
): Promise<string> {
  // The same name and input start no second execution.
  const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
  try {
    const { executionArn } = await whileThrottled(() => sfn.send(command), options);
    return executionArn as string;
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) {
      throw new UsageError(
        `--name must be new, but the execution ${name} already exists: pass another name, or follow that execution with --attach ${name}`,
        { cause: error },
      );
    }
    if (error instanceof StateMachineDoesNotExist) {
      throw new UsageError(
        `The state machine ${stateMachineArn} does not exist: deploy it first, or check the outputs file`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** A new execution name: the current time, to the millisecond. */
export function uniqueName(): string {
  return `run-${new Date().toISOString().replace(/[-:.TZ]/g, "")}`;
}

type RedrivenOnce = Pick<Redriven, "since" | "redriveCount"> | undefined;

interface WatchOptions {
  /** How long to wait for the execution's end. */
  readonly timeoutSeconds: number;
  readonly pollMilliseconds: number;
  /** An execution that was redriven: its end before counts for nothing. */
  readonly redriven?: RedrivenOnce;
  /** Called with each visit that has changed; a promise is awaited. */
  readonly onVisit?: (visit: StateVisit) => unknown;
  /** Called after each look at an execution that is running. */
  readonly onLook?: () => Promise<void>;
  /** Ends the waiting; the execution continues. */
  readonly signal?: AbortSignal;
}

/**
 * Follows an execution to its end.
 *
 * @throws OutcomeUnknownError if it takes longer than `timeoutSeconds`, or AWS no longer responds
 */
export async function watchExecution(
  sfn: SFNClient,
  executionArn: string,
  { timeoutSeconds, pollMilliseconds, redriven, onVisit, onLook, signal }: WatchOptions,
): Promise<ExecutionResult> {
  const history = new ExecutionHistory();
  const again = `Follow it again with --attach ${executionArn.split(":").at(-1)}`;
  const timedOut = () =>
    new OutcomeUnknownError(
      `${executionArn} is still running after ${timeoutSeconds} s, and continues. ${again}`,
    );
  const check = async (): Promise<ExecutionResult | undefined> => {
    try {
      // The status first: once it has ended, the history read after it is complete.
      const description = await describeExecution(sfn, executionArn);
      const ended = hasEnded(description, redriven);
      if (ended || onVisit) {
        const events = await eventsAfter(sfn, executionArn, history.lastId);
        history.add(events.filter(isBefore(redriven)));
        for (const visit of history.add(events)) await onVisit?.(visit);
      }
      if (!ended) await onLook?.();
      return ended ? { description, visits: history.visits } : undefined;
    } catch (error) {
      if (error instanceof CliError) throw error;
      const { name, message } = explain(error) as Error;
      throw new OutcomeUnknownError(
        `Cannot follow ${executionArn} any longer; it may still be running (${name}: ${message}). ${again}`,
        { cause: error },
      );
    }
  };
  const timeout = { seconds: timeoutSeconds, error: timedOut };
  return await poll(check, { intervalMilliseconds: pollMilliseconds, timeout, signal });
}

function hasEnded({ status, redriveCount = 0 }: DescribeExecutionCommandOutput, redriven: RedrivenOnce) {
  return status !== "RUNNING" && redriveCount >= (redriven?.redriveCount ?? 0);
}

/** Whether an event is of an attempt before the redrive: what it tells was shown then. */
function isBefore(redriven: RedrivenOnce) {
  return ({ id = 0 }: HistoryEvent) => id <= (redriven?.since ?? 0);
}

async function describeExecution(
  sfn: SFNClient,
  executionArn: string,
): Promise<DescribeExecutionCommandOutput> {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) {
      throw new UsageError(`The execution ${executionArn} does not exist`, { cause: error });
    }
    throw error;
  }
}

/** Returns the events newer than `lastId`, oldest first. Reads backwards, to avoid reading a long history again. */
async function eventsAfter(sfn: SFNClient, executionArn: string, lastId: number): Promise<HistoryEvent[]> {
  const newest: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 25, nextToken }),
    );
    const unseen = (page.events ?? []).filter((event) => (event.id ?? 0) > lastId);
    newest.push(...unseen);
    nextToken = unseen.length === page.events?.length ? page.nextToken : undefined;
  } while (nextToken !== undefined);
  return newest.reverse();
}
