import { setTimeout as sleep } from "node:timers/promises";
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
import { CliError, explain, OutcomeUnknownError, UsageError } from "../terminal/errors";
import { ExecutionHistory, type StateVisit } from "./history";

/** An execution that has ended, or that nobody waited for to the end. */
export interface ExecutionResult {
  readonly description: DescribeExecutionCommandOutput;
  readonly visits: readonly StateVisit[];
}

/** Starts an execution and returns its ARN. */
export async function startExecution(
  sfn: SFNClient,
  stateMachineArn: string,
  name: string,
  input: ExecutionInput,
): Promise<string> {
  try {
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
    );
    return executionArn as string;
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) {
      throw new UsageError(
        `An execution called ${name} exists already: give another --name, or follow that one with --attach ${name}`,
        { cause: error },
      );
    }
    if (error instanceof StateMachineDoesNotExist) {
      throw new UsageError(
        `There is no state machine ${stateMachineArn}: deploy it first, or check the outputs file`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** A name that no execution has yet: when it was asked for, to the millisecond. */
export function uniqueName(): string {
  return `run-${new Date().toISOString().replace(/[-:.TZ]/g, "")}`;
}

export interface WatchOptions {
  /** How long to wait before leaving the execution to itself. */
  readonly timeoutSeconds: number;
  readonly pollMilliseconds: number;
  /** Called with each visit that has changed. */
  readonly onVisit?: (visit: StateVisit) => void;
  /** Ends the waiting; the execution goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Follows an execution to its end.
 *
 * @throws OutcomeUnknownError when it takes longer than `timeoutSeconds`, or AWS can no longer be asked
 */
export async function watchExecution(
  sfn: SFNClient,
  executionArn: string,
  { timeoutSeconds, pollMilliseconds, onVisit, signal }: WatchOptions,
): Promise<ExecutionResult> {
  const history = new ExecutionHistory();
  const deadline = Date.now() + timeoutSeconds * 1000;
  const again = `Follow it again with --attach ${executionArn.split(":").at(-1)}`;
  for (;;) {
    try {
      // The status first: once it has ended, the history read after it is complete.
      const description = await describeExecution(sfn, executionArn);
      const ended = description.status !== "RUNNING";
      if (ended || onVisit) {
        const events = await eventsAfter(sfn, executionArn, history.lastId);
        for (const visit of history.add(events)) onVisit?.(visit);
      }
      if (ended) return { description, visits: history.visits };
    } catch (error) {
      if (error instanceof CliError) throw error;
      const { name, message } = explain(error) as Error;
      throw new OutcomeUnknownError(
        `Lost sight of ${executionArn}, which may be running still (${name}: ${message}). ${again}`,
        { cause: error },
      );
    }
    if (Date.now() >= deadline) {
      throw new OutcomeUnknownError(
        `${executionArn} is still running after ${timeoutSeconds} s of waiting; it goes on. ${again}`,
      );
    }
    await sleep(pollMilliseconds, undefined, { signal });
  }
}

async function describeExecution(
  sfn: SFNClient,
  executionArn: string,
): Promise<DescribeExecutionCommandOutput> {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) {
      throw new UsageError(`There is no execution ${executionArn}`, { cause: error });
    }
    throw error;
  }
}

/** The events newer than `lastId`, oldest first: read backwards, so that a long history is not read again. */
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
