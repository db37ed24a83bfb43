import { type Entry, enterAt } from "../../workflow/asl/enter";
import type { StateMachineDefinition } from "../../workflow/asl/states";
import type { StateMachineDescription } from "../../workflow/resources";

/** The last state before the steps: it copies the code that the new execution runs. */
export const lastPreparation = "PinCode";

/** The workflow's state machine, entered at a later step: a state machine of its own, whose role trusts it alone. */
export function enteredMachine(
  machine: StateMachineDescription,
  entry: Pick<Entry, "state" | "variables">,
): StateMachineDescription {
  const definition = JSON.parse(machine.definition) as StateMachineDefinition;
  return {
    ...machine,
    name: `${machine.name}-dev`,
    definition: JSON.stringify(enterAt(definition, { ...entry, after: lastPreparation }), null, 2),
    role: { ...machine.role, sourceArn: `${machine.role.sourceArn}-dev` },
    logGroupName: `${machine.logGroupName}-dev`,
  };
}
