import type { DescribeExecutionCommandOutput } from "@aws-sdk/client-sfn";
import type { ExecutionFailure } from "./failure";
import { stageWith } from "./stage";

/** The command that goes on with what an execution has, after the cause is removed; undefined if it has nothing. */
export function nextCommand(
  environment: string,
  { name, status }: Pick<DescribeExecutionCommandOutput, "name" | "status">,
  { state }: Pick<ExecutionFailure, "state">,
): string | undefined {
  const execute = `npm run execute -- ${environment}`;
  if (status !== "FAILED") return `${execute} --redrive ${name}`;
  const stage = stageWith(state);
  return stage === undefined ? undefined : `${execute} --from ${stage} --of ${name}`;
}
