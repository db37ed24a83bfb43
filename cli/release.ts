import {
  DescribeExecutionCommand,
  paginateListExecutions,
  StateMachineDoesNotExist,
} from "@aws-sdk/client-sfn";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { workflowProps } from "../config";
import { releaseName } from "../workflow/names";
import type { Environment } from "./environment";
import { FailedError } from "./errors";
import { startExecution, uniqueName } from "./execution";
import { describeFailure, readFailure } from "./failure";
import { followInTask } from "./follow";
import { interruption, keepLines, runTasks } from "./progress";
import type { ModelVersion } from "./versions";

export interface ReleaseOptions {
  /** Seconds to wait for the end. */
  readonly timeout: number;
  /** Shows no progress. */
  readonly silent?: boolean;
}

/**
 * Puts a registered version in service with the environment's release state machine, and follows that to its end.
 *
 * Where a release of the version runs already, that one is followed, and no second one is started.
 *
 * @throws FailedError when the release fails
 */
export async function releaseVersion(
  environment: Environment,
  { arn, version }: Pick<ModelVersion, "arn" | "version">,
  { timeout, silent = false }: ReleaseOptions,
): Promise<void> {
  const { aws } = environment;
  const machine = await stateMachineArn(environment, releaseName(workflowProps(environment.name)));
  const signal = interruption();
  const context: { result?: Awaited<ReturnType<typeof followInTask>> } = {};
  await runTasks(
    context,
    [
      {
        title: "Release",
        rendererOptions: keepLines,
        task: async (ctx, task) => {
          const execution =
            (await runningRelease(environment, machine, arn)) ??
            (await startExecution(aws.sfn(), machine, uniqueName(), { ModelPackageArn: arn } as object));
          ctx.result = await followInTask(aws, execution, task, timeout, signal);
        },
      },
    ],
    { silent },
  );
  const description = context.result?.description;
  if (description?.status !== "SUCCEEDED") {
    throw new FailedError(describeFailure(await readFailure(aws, description ?? {})));
  }
  process.stdout.write(`Version ${version} serves.\n`);
}

/** The ARN of a state machine in the environment's account and region. */
export async function stateMachineArn({ aws, config }: Environment, name: string): Promise<string> {
  const { Account, Arn = "" } = await aws.sts().send(new GetCallerIdentityCommand({}));
  return `arn:${Arn.split(":")[1]}:states:${config.region}:${Account}:stateMachine:${name}`;
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
    // Starting says what to do about it.
    if (!(error instanceof StateMachineDoesNotExist)) throw error;
  }
  return undefined;
}
