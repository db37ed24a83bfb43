import { DeleteScheduleCommand, paginateListSchedules } from "@aws-sdk/client-scheduler";
import { experimentGroupName } from "../../workflow/experiments";
import type { Environment } from "../account/environment";
import { ignoreMissing } from "../terminal/errors";

/** Lists the running A/B tests, each of which has a schedule; none if A/B tests are not deployed. */
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

/** Removes the schedules of tests, so that the controller stops checking them. */
export async function removeSchedules(
  { aws, baseName }: Environment,
  names: readonly string[],
): Promise<void> {
  for (const Name of names) {
    const remove = new DeleteScheduleCommand({ Name, GroupName: experimentGroupName(baseName) });
    await aws.scheduler().send(remove).catch(ignoreMissing);
  }
}
