import {
  DescribeExecutionCommand,
  paginateListExecutions,
  StateMachineDoesNotExist,
} from "@aws-sdk/client-sfn";
import { type Environment, stateMachinesOf } from "../account/environment";
import { startExecution, uniqueName } from "../execution/execution";
import { followToSuccess } from "../execution/follow";
import { print } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, runTasks } from "../terminal/progress";
import { versionNumber } from "./model-versions";

export interface ReleaseOptions {
  /** How long to wait for the end, in seconds. */
  readonly timeout: number;
  /** Show no progress. */
  readonly silent?: boolean;
}

/**
 * Puts a registered version in service with the environment's release state machine, and shows the progress.
 *
 * @throws FailedError if the release fails
 */
export async function releaseVersion(
  environment: Environment,
  arn: string,
  { timeout, silent = false }: ReleaseOptions,
): Promise<void> {
  const signal = interruption();
  const task = async (_: object, task: ProgressTask) =>
    await followRelease(environment, arn, task, timeout, signal);
  await runTasks([{ title: "Release", rendererOptions: keepLines, task }], { silent });
  print(`Version ${versionNumber(arn)} is in service. All versions: npm run versions -- ${environment.name}`);
}

/**
 * Releases a version, and follows the release to its end.
 *
 * If a release of the version is already running, it follows that one instead of starting another.
 *
 * @throws FailedError if the release fails
 */
export async function followRelease(
  environment: Environment,
  ModelPackageArn: string,
  task: ProgressTask,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { aws } = environment;
  const { release: machine } = await stateMachinesOf(environment);
  const execution =
    (await runningRelease(environment, machine, ModelPackageArn)) ??
    (await startExecution(aws.sfn(), machine, uniqueName(), { ModelPackageArn } as object));
  await followToSuccess(environment, execution, task, timeoutSeconds, signal);
}

async function runningRelease(
  { aws }: Environment,
  stateMachineArn: string,
  ModelPackageArn: string,
): Promise<string | undefined> {
  const search = { stateMachineArn, statusFilter: "RUNNING" } as const;
  try {
    for await (const { executions = [] } of paginateListExecutions({ client: aws.sfn() }, search)) {
      for (const { executionArn } of executions) {
        const { input = "{}" } = await aws.sfn().send(new DescribeExecutionCommand({ executionArn }));
        if (JSON.parse(input).ModelPackageArn === ModelPackageArn) return executionArn;
      }
    }
  } catch (error) {
    // startExecution reports this with a remedy.
    if (!(error instanceof StateMachineDoesNotExist)) throw error;
  }
  return undefined;
}
