import { resolveTarget } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { print } from "../terminal/print";
import { stopNamed } from "./ending";
import { nextCommand } from "./next-command";

/** Stops an execution and the jobs that it started, waits until they have ended, and shows how. */
export async function stop(
  environment: string,
  given: string,
  { timeout }: { readonly timeout: number },
): Promise<void> {
  const target = await resolveTarget(environment);
  await announce(target);
  const stopped = await stopNamed(target, given, timeout);
  const { name, status } = stopped.execution;
  print(`${name} ended as ${status}`);
  for (const job of await stopped.jobs()) print(`  ${job.name}  ${job.status}`);
  if (status !== "ABORTED") return;
  print(`Go on from there: ${nextCommand(environment, stopped.execution, {})}`);
}
