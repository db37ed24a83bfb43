import { ListExecutionsCommand } from "@aws-sdk/client-sfn";
import type { Aws } from "../account/clients";
import { secondsBetween } from "./history";

/** An execution in a list. */
export interface ExecutionSummary {
  readonly name: string;
  readonly status: string;
  readonly startedAt: string;
  /** Absent while it runs. */
  readonly seconds?: number;
}

/** The newest executions of a state machine, the newest first. */
export async function listExecutions(
  aws: Aws,
  stateMachineArn: string,
  maxResults = 10,
): Promise<ExecutionSummary[]> {
  const { executions = [] } = await aws
    .sfn()
    .send(new ListExecutionsCommand({ stateMachineArn, maxResults }));
  return executions.map(({ name = "", status = "", startDate = new Date(0), stopDate }) => ({
    name,
    status,
    startedAt: startDate.toISOString(),
    seconds: stopDate === undefined ? undefined : secondsBetween(startDate, stopDate),
  }));
}

/** An execution in one line. */
export function executionText({ name, status, startedAt, seconds }: ExecutionSummary): string {
  const duration = seconds === undefined ? "" : `, ${seconds.toFixed(1)} s`;
  return `${status.padEnd(10)} ${name}  started ${startedAt}${duration}`;
}
