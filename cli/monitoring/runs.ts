import { DescribeExecutionCommand, StateMachineDoesNotExist } from "@aws-sdk/client-sfn";
import { executionArn } from "../../workflow/arns";
import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import type { Aws } from "../account/clients";
import { nextCommand } from "../execution/next-command";
import { type ExecutionSummary, executionText, listExecutions } from "../execution/summaries";

/** A run of the monitor, and what it has found. */
export interface MonitorRun extends ExecutionSummary {
  /** Absent while it runs, and if it failed. */
  readonly verdict?: string;
  readonly reasons?: readonly string[];
  /** The command that judges its window again; absent unless it failed. */
  readonly next?: string;
}

const shown = 3;

/** The newest runs; none where no monitor is deployed, such as without captured requests. */
export async function listMonitorRuns(
  aws: Aws,
  stateMachineArn: string,
  environment: string,
): Promise<MonitorRun[]> {
  try {
    const runs = await listExecutions(aws, stateMachineArn, shown);
    return await Promise.all(runs.map((run) => withVerdict(aws, stateMachineArn, environment, run)));
  } catch (error) {
    if (error instanceof StateMachineDoesNotExist) return [];
    throw error;
  }
}

async function withVerdict(
  aws: Aws,
  stateMachineArn: string,
  environment: string,
  run: ExecutionSummary,
): Promise<MonitorRun> {
  const describe = new DescribeExecutionCommand({ executionArn: executionArn(stateMachineArn, run.name) });
  const description = await aws.sfn().send(describe);
  const { Verdict, Reasons } = JSON.parse(description.output ?? "{}") as Partial<MonitorReport>;
  const hasFailed = run.status !== "RUNNING" && run.status !== "SUCCEEDED";
  return {
    ...run,
    verdict: Verdict,
    reasons: Reasons,
    next: hasFailed ? nextCommand(environment, description, {}) : undefined,
  };
}

/** A run with its verdict, and a line for each reason; or with the command that judges its window again. */
export function monitorRunLines({ verdict, reasons = [], next, ...run }: MonitorRun): string[] {
  return [
    `${executionText(run)}${verdict === undefined ? "" : `: ${verdict}`}`,
    ...[...reasons, ...(next === undefined ? [] : [`to go on: ${next}`])].map(
      (line) => `${" ".repeat(11)}${line}`,
    ),
  ];
}
