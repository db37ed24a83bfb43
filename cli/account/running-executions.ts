import { paginateListExecutions } from "@aws-sdk/client-sfn";
import { UsageError } from "../terminal/errors";
import { type Environment, stateMachinesOf } from "./environment";

/**
 * Refuses while an execution of a state machine runs: it still creates endpoints or jobs, and uses configurations that no
 * endpoint uses yet.
 *
 * @throws UsageError that names them
 */
export async function refuseWhileRunning(environment: Environment): Promise<void> {
  const machines = await stateMachinesOf(environment);
  const [executions = [], releases = [], monitors = [], decisions = []] = await Promise.all(
    [machines.workflow, machines.release, machines.monitor, machines.retrain].map((machine) =>
      running(environment, machine),
    ),
  );
  if (executions.length + releases.length + monitors.length + decisions.length === 0) return;
  const { name } = environment;
  const found = [
    ...(executions.length === 0 ? [] : [`Executions are running: ${executions.join(", ")}.`]),
    ...(releases.length === 0 ? [] : [`Releases are running: ${releases.join(", ")}.`]),
    ...(monitors.length === 0 ? [] : [`The monitor is running: ${monitors.join(", ")}.`]),
    ...(decisions.length === 0 ? [] : [`A retraining is being decided on: ${decisions.join(", ")}.`]),
  ];
  const stop =
    executions.length === 0
      ? ""
      : ` An execution of the workflow can be stopped with npm run stop -- ${name} <execution>.`;
  throw new UsageError(
    `${found.join(" ")} Wait until they have ended: npm run status -- ${name}.${stop} Nothing was changed`,
  );
}

/** Names of the executions of a state machine that run; none if it does not exist. */
async function running({ aws }: Environment, stateMachineArn: string): Promise<string[]> {
  const names: string[] = [];
  try {
    const search = { stateMachineArn, statusFilter: "RUNNING" as const };
    for await (const { executions = [] } of paginateListExecutions({ client: aws.sfn() }, search)) {
      names.push(...executions.map(({ name = "" }) => name));
    }
  } catch (error) {
    if (!(error instanceof Error && error.name === "StateMachineDoesNotExist")) throw error;
  }
  return names;
}
