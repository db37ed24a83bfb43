import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { workflowProps } from "../config";
import { releaseName } from "../workflow/names";
import { confirmed, requireAnswer } from "./confirm";
import { announce, openEnvironment } from "./environment";
import { FailedError, UsageError } from "./errors";
import { startExecution, uniqueName } from "./execution";
import { describeFailure, readFailure } from "./failure";
import { followInTask } from "./follow";
import { interruption, keepLines, runTasks } from "./progress";
import { findVersion, listVersions, versionsText } from "./versions";

export interface RollbackOptions {
  readonly yes: boolean;
  readonly timeout: number;
}

/** Lists the versions, or releases one of them again, by the same steps as after an approval. */
export async function rollback(
  name: string,
  version: number | undefined,
  options: RollbackOptions,
): Promise<void> {
  if (version !== undefined) requireAnswer(options.yes);
  const environment = openEnvironment(name);
  const { aws, config } = environment;
  await announce(environment);
  const versions = await listVersions(environment);
  process.stdout.write(`${versionsText(versions)}\n`);
  if (version === undefined) return;
  const chosen = findVersion(versions, version);
  if (chosen.serves) throw new UsageError(`Version ${version} serves already`);
  if (chosen.approval !== "Approved") {
    throw new UsageError(
      `Version ${version} is ${chosen.approval}: approve it with npm run approve -- ${name} ${version}`,
    );
  }
  if (!options.yes && !(await confirmed(`Put version ${version} in service in ${name}?`))) {
    process.stdout.write("Nothing was changed.\n");
    return;
  }
  const { Account, Arn = "" } = await aws.sts().send(new GetCallerIdentityCommand({}));
  const machine = releaseName(workflowProps(name));
  const arn = `arn:${Arn.split(":")[1]}:states:${config.region}:${Account}:stateMachine:${machine}`;
  const signal = interruption();
  const context: { result?: Awaited<ReturnType<typeof followInTask>> } = {};
  await runTasks(
    context,
    [
      {
        title: "Release",
        rendererOptions: keepLines,
        task: async (ctx, task) => {
          const execution = await startExecution(aws.sfn(), arn, uniqueName(), {
            ModelPackageArn: chosen.arn,
          } as object);
          ctx.result = await followInTask(aws, execution, task, options.timeout, signal);
        },
      },
    ],
    { silent: false },
  );
  const description = context.result?.description;
  if (description?.status !== "SUCCEEDED") {
    throw new FailedError(describeFailure(await readFailure(aws, description ?? {})));
  }
  process.stdout.write(`Version ${version} serves.\n`);
}
