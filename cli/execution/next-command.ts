import type { DescribeExecutionCommandOutput } from "@aws-sdk/client-sfn";
import { workflowProps } from "../../configuration";
import { isNamedFailure } from "../../workflow/failures";
import type { RetrainInput } from "../../workflow/steps/retrain-input";
import { sameWindow } from "../monitoring/window";
import type { ExecutionFailure } from "./failure";
import { stageWith } from "./stage";

type Ended = Pick<DescribeExecutionCommandOutput, "executionArn" | "name" | "status" | "error" | "input"> &
  Partial<Pick<DescribeExecutionCommandOutput, "startDate">>;

/**
 * The command that goes on with what an execution has, after the cause is removed; undefined if it has nothing, so that
 * only a new one goes on.
 */
export function nextCommand(
  environment: string,
  { executionArn, name, status, error = "", input = "{}", startDate = new Date() }: Ended,
  { state }: Pick<ExecutionFailure, "state">,
): string | undefined {
  const execute = `npm run execute -- ${environment}`;
  const version = releasedVersion(input);
  const suffix = suffixIn(executionArn);
  // An error without a name of the workflow was not caught, so that a redrive enters the state that failed.
  if (status !== "FAILED" || !isNamedFailure(error)) {
    return `${execute} --redrive ${suffix === undefined ? name : executionArn}`;
  }
  if (suffix === "monitor") {
    // The input of an invalid one says what is wrong with it.
    const window =
      error === "InvalidInput"
        ? ""
        : sameWindow(JSON.parse(input), startDate, workflowProps(environment).monitor ?? {});
    return `npm run monitor -- ${environment} ${window}`.trimEnd();
  }
  if (suffix === "retrain") return retrainCommand(environment, JSON.parse(input));
  if (version !== undefined) {
    const isInService = error === "AutoscalingFailed";
    return `npm run rollback -- ${environment} ${version}${isInService ? " --again" : ""}`;
  }
  const stage = stageWith(state);
  return stage === undefined ? undefined : `${execute} --from ${stage} --of ${name}`;
}

/** The command that asks for a retraining again, whoever asked before: a person decides that it is time. */
function retrainCommand(environment: string, input: Partial<RetrainInput>): string {
  const why = typeof input.Reason?.Why === "string" ? input.Reason.Why : "again";
  // Nothing that a shell would read within quotes.
  return `npm run retrain -- ${environment} --why "${why.replace(/["$`\\!]/g, "'")}"`;
}

/** What the name of an execution's state machine has after that of the workflow's own, such as `release`. */
function suffixIn(executionArn = ""): string | undefined {
  // The workflow's own name has two parts, and neither has a hyphen.
  return executionArn.split(":")[6]?.split("-").slice(2).at(-1);
}

/** The version that an execution releases; undefined if it is no execution of the release state machine. */
function releasedVersion(input: string): string | undefined {
  const { ModelPackageArn } = JSON.parse(input) as { readonly ModelPackageArn?: unknown };
  return typeof ModelPackageArn === "string" ? ModelPackageArn.split("/").at(-1) : undefined;
}
