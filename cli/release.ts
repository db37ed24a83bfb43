import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { releaseName } from "../workflow/names";
import type { Environment } from "./environment";
import { FailedError } from "./errors";
import { type ExecutionResult, startExecution, uniqueName } from "./execution";
import { describeFailure, readFailure } from "./failure";
import { followInTask } from "./follow";
import { interruption, keepLines, runTasks } from "./progress";

/** The ARN of the state machine that releases the environment's versions. */
export async function releaseMachineArn({ aws, config, workflow }: Environment): Promise<string> {
  const { Account, Arn = "" } = await aws.sts().send(new GetCallerIdentityCommand({}));
  const partition = Arn.split(":")[1];
  return `arn:${partition}:states:${config.region}:${Account}:stateMachine:${releaseName(workflow)}`;
}

/**
 * Releases a registered version by the state machine for that, and shows its progress.
 *
 * @param timeout seconds to wait
 * @throws FailedError when the release fails
 */
export async function releaseVersion(
  environment: Environment,
  ModelPackageArn: string,
  timeout: number,
): Promise<void> {
  const { aws } = environment;
  const arn = await releaseMachineArn(environment);
  const signal = interruption();
  const context: { result?: ExecutionResult } = {};
  await runTasks(
    context,
    [
      {
        title: "Release",
        rendererOptions: keepLines,
        task: async (ctx, task) => {
          const input = { ModelPackageArn } as object;
          const execution = await startExecution(aws.sfn(), arn, uniqueName(), input);
          ctx.result = await followInTask(aws, execution, task, timeout, signal);
        },
      },
    ],
    { silent: false },
  );
  const description = context.result?.description;
  if (description?.status !== "SUCCEEDED") {
    throw new FailedError(describeFailure(await readFailure(aws, description ?? {})));
  }
}
