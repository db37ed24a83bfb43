import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Environment } from "../environment";
import { FailedError } from "../errors";
import { startExecution, uniqueName } from "../execution";
import { describeFailure, readFailure } from "../failure";
import { followInTask } from "../follow";
import type { ProgressTask } from "../progress";
import type { Patience } from "./endpoint";

/**
 * Releases a registered version by the release state machine, and follows that to its end.
 *
 * @throws FailedError when it does not succeed
 */
export async function releaseVersion(
  { aws, config, baseName }: Environment,
  versionArn: string,
  task: ProgressTask,
  { timeoutSeconds, signal }: Patience,
): Promise<void> {
  const { Account, Arn = "" } = await aws.sts().send(new GetCallerIdentityCommand({}));
  const machine = `arn:${Arn.split(":")[1]}:states:${config.region}:${Account}:stateMachine:${baseName}-release`;
  const input = { ModelPackageArn: versionArn } as object;
  const execution = await startExecution(aws.sfn(), machine, uniqueName(), input);
  const { description } = await followInTask(aws, execution, task, timeoutSeconds, signal);
  if (description.status !== "SUCCEEDED") {
    throw new FailedError(describeFailure(await readFailure(aws, description)));
  }
}
