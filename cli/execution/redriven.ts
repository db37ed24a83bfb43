import {
  type DescribeExecutionCommandOutput,
  ExecutionNotRedrivable,
  GetExecutionHistoryCommand,
  RedriveExecutionCommand,
  type SFNClient,
} from "@aws-sdk/client-sfn";
import { UsageError } from "../terminal/errors";
import { describeNamed, type Executions } from "./named-execution";
import { nextCommand } from "./next-command";

/** An execution that goes on. */
export interface Redriven {
  readonly arn: string;
  /** The last event before. */
  readonly since: number;
  /** How often it was redriven, with this time. */
  readonly redriveCount: number;
}

/**
 * Lets an execution go on from the state in which it was stopped, timed out or failed.
 *
 * It keeps the definition and the copy of the code that it began with.
 *
 * @throws UsageError if AWS would refuse it, or if it would only enter its Fail state again
 */
export async function redriveNamed(
  executions: Executions,
  given: string,
  environment: string,
): Promise<Redriven> {
  const sfn = executions.aws.sfn();
  const description = await describeNamed(executions, given);
  const { executionArn: arn = "", redriveCount = 0 } = description;
  const refused = refusal(description);
  if (refused !== undefined) throw new UsageError(refused);
  const { since, failState } = await end(sfn, arn);
  if (failState !== undefined) throw new UsageError(failsAgain(description, failState, environment));
  try {
    await sfn.send(new RedriveExecutionCommand({ executionArn: arn }));
  } catch (error) {
    if (!(error instanceof ExecutionNotRedrivable)) throw error;
    throw new UsageError(`${description.name} cannot be redriven: ${error.message}`, { cause: error });
  }
  return { arn, since, redriveCount: redriveCount + 1 };
}

/** Why an execution cannot be redriven, and what can be done instead; undefined if it can. */
function refusal({
  name = "",
  status,
  redriveStatus,
  redriveStatusReason,
}: DescribeExecutionCommandOutput): string | undefined {
  if (redriveStatus !== "NOT_REDRIVABLE") return undefined;
  const instead =
    status === "RUNNING"
      ? `follow it with --attach ${name}`
      : status === "SUCCEEDED"
        ? "start a new execution, or show its report with --attach"
        : "start a new execution, from a later stage with --from and --of";
  return `${name} cannot be redriven: ${redriveStatusReason}; ${instead}`;
}

/** The last event of an execution that has ended, and the Fail state that it ended in, if any. */
async function end(sfn: SFNClient, executionArn: string): Promise<{ since: number; failState?: string }> {
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 2 }),
  );
  const failed = events.find(({ type }) => type === "FailStateEntered");
  return { since: events[0]?.id ?? 0, failState: failed?.stateEnteredEventDetails?.name };
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html#redrive-behavior-states */
function failsAgain(
  description: DescribeExecutionCommandOutput,
  failState: string,
  environment: string,
): string {
  const { name = "", cause } = description;
  const command = nextCommand(environment, description, { state: stateIn(cause) });
  const instead =
    command === undefined
      ? `Start a new execution: npm run execute -- ${environment}`
      : `${command.includes(" --of ") ? "Start a new execution with its results" : "Do it again"}: ${command}`;
  return `${name} ended in the Fail state ${failState}, which a redrive would only enter again. ${instead}`;
}

/** The state that failed, as the cause of a named failure has it. */
function stateIn(cause = ""): string | undefined {
  try {
    return (JSON.parse(cause) as { readonly state?: string }).state;
  } catch {
    return undefined;
  }
}
