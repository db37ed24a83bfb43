import { DescribeExecutionCommand, StateMachineDoesNotExist } from "@aws-sdk/client-sfn";
import { executionArn } from "../../workflow/arns";
import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import type { Aws } from "../account/clients";
import { type ExecutionSummary, executionText, listExecutions } from "../execution/summaries";

/** A run of the monitor, and what it has found. */
export interface MonitorRun extends ExecutionSummary {
  /** Absent while it runs, and if it failed. */
  readonly verdict?: string;
  readonly reasons?: readonly string[];
}

const shown = 3;

/** The newest runs; none where no monitor is deployed, such as without captured requests. */
export async function listMonitorRuns(aws: Aws, stateMachineArn: string): Promise<MonitorRun[]> {
  try {
    const runs = await listExecutions(aws, stateMachineArn, shown);
    return await Promise.all(runs.map((run) => withVerdict(aws, stateMachineArn, run)));
  } catch (error) {
    if (error instanceof StateMachineDoesNotExist) return [];
    throw error;
  }
}

async function withVerdict(aws: Aws, stateMachineArn: string, run: ExecutionSummary): Promise<MonitorRun> {
  const describe = new DescribeExecutionCommand({ executionArn: executionArn(stateMachineArn, run.name) });
  const { output = "{}" } = await aws.sfn().send(describe);
  const { Verdict, Reasons } = JSON.parse(output) as Partial<MonitorReport>;
  return { ...run, verdict: Verdict, reasons: Reasons };
}

/** A run with its verdict, and a line for each reason. */
export function monitorRunLines({ verdict, reasons = [], ...run }: MonitorRun): string[] {
  return [
    `${executionText(run)}${verdict === undefined ? "" : `: ${verdict}`}`,
    ...reasons.map((reason) => `${" ".repeat(11)}${reason}`),
  ];
}
