import { StopExecutionCommand } from "@aws-sdk/client-sfn";
import { resolveTarget } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { endedExecution, endedJobs, jobsOf } from "./ending";
import { describeNamed } from "./named-execution";
import { readHistory } from "./variables";

/** Stops an execution and the jobs that it started, and waits until they have ended. */
export async function stop(
  environment: string,
  given: string,
  { timeout }: { readonly timeout: number },
): Promise<void> {
  const target = await resolveTarget(environment);
  await announce(target);
  const { executionArn = "", name = given, status } = await describeNamed(target, given);
  if (status !== "RUNNING") throw new UsageError(`${name} is not running: it ended as ${status}`);
  const sfn = target.aws.sfn();
  await sfn.send(new StopExecutionCommand({ executionArn, error: "Stopped", cause: "By npm run stop" }));
  const ended = await endedExecution(sfn, executionArn, timeout);
  print(`${name} ended as ${ended}`);
  const jobs = jobsOf(await readHistory(sfn, executionArn));
  for (const { name: job, status } of await endedJobs(target.aws, jobs, timeout))
    print(`  ${job}  ${status}`);
  if (ended !== "ABORTED") return;
  print(`Go on from there: npm run execute -- ${environment} --redrive ${name}`);
}
