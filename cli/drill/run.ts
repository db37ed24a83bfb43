import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import type { Executions } from "../execution/named-execution";
import { readHistory } from "../execution/variables";
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
/**
 * Cases that start while one is running: the emulator forgets all but the newest 20 executions of a state machine, and a
 * case may have two.
 */
const mostYounger = 8;
const pollMilliseconds = 150;
/** An execution that takes longer is taken for endless. */
const longestMilliseconds = 60_000;

/** Runs cases, several at a time, and returns their results in the order of the cases. */
export async function runSeveral<One, Result>(
  cases: readonly One[],
  run: (one: One) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...cases.entries()].values();
  const running = new Set<number>();
  const work = async () => {
    for (const [index, one] of left) {
      while (index - Math.min(index, ...running) > mostYounger) {
        signal.throwIfAborted();
        await sleep(pollMilliseconds);
      }
      signal.throwIfAborted();
      running.add(index);
      try {
        results[index] = await run(one);
      } finally {
        running.delete(index);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}

/** Runs the execution of a case to its end. */
export async function runCase(executions: Executions, one: DrillCase): Promise<DrillResult> {
  const sfn = executions.aws.sfn();
  const executionArn = await startCase(executions, one);
  const { status = "", error, cause, output } = await endOfExecution(sfn, executionArn);
  const visits = visitsOf(await readHistory(sfn, executionArn));
  return { case: one, status, error, cause, output, visits };
}

/** Starts the execution of a case, and returns its ARN. */
export async function startCase({ aws, stateMachineArn }: Executions, one: DrillCase): Promise<string> {
  const { executionArn } = await aws.sfn().send(
    new StartExecutionCommand({
      stateMachineArn: `${stateMachineArn}#${one.id}`,
      name: one.id,
      input: JSON.stringify(one.input),
    }),
  );
  return executionArn as string;
}

/** Waits for the end of an execution; one without end is stopped. */
export async function endOfExecution(
  sfn: SFNClient,
  executionArn: string,
): Promise<DescribeExecutionCommandOutput> {
  const deadline = Date.now() + longestMilliseconds;
  for (;;) {
    if (Date.now() > deadline) await sfn.send(new StopExecutionCommand({ executionArn, error: "Endless" }));
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== "RUNNING") return execution;
    await sleep(pollMilliseconds);
  }
}
