import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import type { DrillCase } from "./cases";
import { type DrilledVisit, visitsOf } from "./drilled-visits";

/** How an execution ended, and what it visited. */
export interface DrillResult {
  readonly case: DrillCase;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  readonly output?: string;
  readonly visits: readonly DrilledVisit[];
}

/** Executions at the same time. */
const concurrency = 8;
/** Executions that start while one is running: the emulator forgets all but the newest 20 of a state machine. */
const mostYounger = 12;
const pollMilliseconds = 150;
/** An execution that takes longer is taken for endless. */
const longestMilliseconds = 60_000;

/** Runs cases, several at a time, and returns their results in the order of the cases. */
export async function runCases(
  sfn: SFNClient,
  arnOf: (machine: string) => string,
  cases: readonly DrillCase[],
  onEnd: (result: DrillResult) => void,
  signal: AbortSignal,
): Promise<DrillResult[]> {
  const results: DrillResult[] = [];
  const left = [...cases.entries()].values();
  const running = new Set<number>();
  const work = async () => {
    for (const [index, one] of left) {
      while (index - Math.min(index, ...running) > mostYounger) await sleep(pollMilliseconds);
      signal.throwIfAborted();
      running.add(index);
      const result = await runCase(sfn, arnOf(one.machine.name), one);
      running.delete(index);
      results[index] = result;
      onEnd(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}

async function runCase(sfn: SFNClient, arn: string, one: DrillCase): Promise<DrillResult> {
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: `${arn}#${one.id}`,
      name: one.id,
      input: JSON.stringify(one.input),
    }),
  );
  const deadline = Date.now() + longestMilliseconds;
  for (;;) {
    if (Date.now() > deadline) await sfn.send(new StopExecutionCommand({ executionArn, error: "Endless" }));
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    const { status = "", error, cause, output } = execution;
    if (status !== "RUNNING") {
      return {
        case: one,
        status,
        error,
        cause,
        output,
        visits: visitsOf(await history(sfn, executionArn as string)),
      };
    }
    await sleep(pollMilliseconds);
  }
}

async function history(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, nextToken }),
    );
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}
