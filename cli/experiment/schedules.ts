import { DeleteScheduleCommand, paginateListSchedules } from "@aws-sdk/client-scheduler";
import { experimentGroupName } from "../../workflow/experiments";
import type { Environment } from "../account/environment";
import { ignoreMissing } from "../terminal/errors";

/** The names of the A/B tests that run: each has a schedule. None where nothing for tests is deployed. */
export async function runningExperiments({ aws, baseName }: Environment): Promise<string[]> {
  const names: string[] = [];
  const search = { GroupName: experimentGroupName(baseName) };
  try {
    for await (const page of paginateListSchedules({ client: aws.scheduler() }, search)) {
      names.push(...(page.Schedules ?? []).map(({ Name = "" }) => Name));
    }
  } catch (error) {
    ignoreMissing(error);
  }
  return names;
}

/** Removes the schedules of tests: the controller looks no more. */
export async function removeSchedules(
  { aws, baseName }: Environment,
  names: readonly string[],
): Promise<void> {
  for (const Name of names) {
    const remove = new DeleteScheduleCommand({ Name, GroupName: experimentGroupName(baseName) });
    await aws.scheduler().send(remove).catch(ignoreMissing);
  }
}
