import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import type { Aws } from "../account/clients";
import { listOutcomes } from "../execution/outcomes";
import { type ExecutionSummary, executionText } from "../execution/summaries";

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
  const runs = await listOutcomes(aws, stateMachineArn, environment, shown);
  return runs.map(({ summary, description, next }) => {
    const { Verdict, Reasons } = JSON.parse(description.output ?? "{}") as Partial<MonitorReport>;
    return { ...summary, verdict: Verdict, reasons: Reasons, next };
  });
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
