import { type HistoryEvent, paginateGetExecutionHistory, type SFNClient } from "@aws-sdk/client-sfn";
import type { Variables } from "../../workflow/asl/enter";
import type { Json } from "../../workflow/asl/jsonata";
import type { StateGraph } from "../../workflow/asl/states";

/** Reads the whole history of an execution, oldest event first. */
export async function readHistory(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client: sfn }, { executionArn, maxResults: 1000 })) {
    events.push(...(page.events ?? []));
  }
  return events;
}

/**
 * Returns the variables that were set when an execution first entered a state; undefined if it never did.
 *
 * @param after only what was set after this state
 * @throws Error if the history does not contain a value in full
 */
export function variablesAt(
  events: readonly HistoryEvent[],
  { States }: StateGraph,
  state: string,
  after?: string,
): Variables | undefined {
  const variables: Record<string, Json> = {};
  let counts = after === undefined;
  for (const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } of events) {
    if (entered?.name === state) return variables;
    if (exited === undefined) continue;
    if (exited.assignedVariablesDetails?.truncated) {
      throw new Error(`The history does not contain the variables of ${exited.name} in full`);
    }
    // What a state within a Map sets ends with its iteration.
    if (counts && exited.name !== undefined && exited.name in States) {
      for (const [name, value] of Object.entries(exited.assignedVariables ?? {})) {
        variables[name] = JSON.parse(value) as Json;
      }
    }
    counts ||= exited.name === after;
  }
  return undefined;
}
