import { jsonata } from "../asl/jsonata";
import type { Workflow } from "../settings";
import { executionTags } from "../step";

const reason = jsonata`$states.context.Execution.Input.Reason`;

/** JSONata: why the execution runs, in the characters and the length of a tag or a property; "none" without a reason. */
export const reasonText = jsonata`$exists(${reason})
  ? $substring($replace(${reason}.Kind & ": " & ${reason}.Why, /[^A-Za-z0-9 _.:/=+@-]/, "-"), 0, 256) : "none"`;

/** JSONata: why the execution runs, for its report; null without a reason. */
export const reportedReason = jsonata`$exists(${reason}) ? ${reason} : null`;

/** Tags of the jobs of an execution: those of all that it creates, and why it runs. */
export function jobTags(workflow: Workflow) {
  return [...executionTags(workflow), { Key: "reason", Value: reasonText }];
}
