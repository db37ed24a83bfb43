import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionDoesNotExist,
  InvalidArn,
  ListExecutionsCommand,
} from "@aws-sdk/client-sfn";
import { suggestion } from "../../configuration/suggest";
import { executionArn } from "../../workflow/arns";
import type { Target } from "../account/deployed-workflow";
import { UsageError } from "../terminal/errors";

/** Where executions are. */
export type Executions = Pick<Target, "aws" | "stateMachineArn">;

/** The ARN of the execution that a person gave as a name or as an ARN. */
export function arnOf(stateMachineArn: string, given: string): string {
  return given.startsWith("arn:") ? given : executionArn(stateMachineArn, given);
}

/**
 * Describes the execution that a person gave as a name or as an ARN.
 *
 * @throws UsageError if there is none, with the name that was probably meant
 */
export async function describeNamed(
  { aws, stateMachineArn }: Executions,
  given: string,
): Promise<DescribeExecutionCommandOutput> {
  const arn = arnOf(stateMachineArn, given);
  try {
    return await aws.sfn().send(new DescribeExecutionCommand({ executionArn: arn }));
  } catch (error) {
    if (!(error instanceof ExecutionDoesNotExist || error instanceof InvalidArn)) throw error;
    const { executions = [] } = await aws
      .sfn()
      .send(new ListExecutionsCommand({ stateMachineArn, maxResults: 100 }));
    const names = executions.map(({ name = "" }) => name);
    throw new UsageError(`The execution ${given} does not exist${suggestion(given, names)}`, {
      cause: error,
    });
  }
}
