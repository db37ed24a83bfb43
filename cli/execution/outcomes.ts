import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  StateMachineDoesNotExist,
} from "@aws-sdk/client-sfn";
import { executionArn } from "../../workflow/arns";
import type { Aws } from "../account/clients";
import { nextCommand } from "./next-command";
import { type ExecutionSummary, listExecutions } from "./summaries";

/** An execution in a list, with what it was given and what it returned. */
export interface ExecutionOutcome {
  readonly summary: ExecutionSummary;
  readonly description: DescribeExecutionCommandOutput;
  /** The command that goes on; absent unless the execution has failed. */
  readonly next?: string;
}

/** The newest executions of a state machine; none where it is not deployed. */
export async function listOutcomes(
  aws: Aws,
  stateMachineArn: string,
  environment: string,
  maxResults: number,
): Promise<ExecutionOutcome[]> {
  try {
    const summaries = await listExecutions(aws, stateMachineArn, maxResults);
    return await Promise.all(
      summaries.map(async (summary) => {
        const describe = { executionArn: executionArn(stateMachineArn, summary.name) };
        const description = await aws.sfn().send(new DescribeExecutionCommand(describe));
        const hasFailed = summary.status !== "RUNNING" && summary.status !== "SUCCEEDED";
        return {
          summary,
          description,
          next: hasFailed ? nextCommand(environment, description, {}) : undefined,
        };
      }),
    );
  } catch (error) {
    if (error instanceof StateMachineDoesNotExist) return [];
    throw error;
  }
}
