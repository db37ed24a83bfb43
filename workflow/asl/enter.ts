import { transitions } from "./checks";
import { expression, type Json } from "./jsonata";
import type { State, StateGraph, StateMachineDefinition } from "./states";

/** Values of variables, by name. */
export type Variables = Readonly<Record<string, Json>>;

/** Where to enter a definition. */
export interface Entry {
  /** The state to go on with. */
  readonly state: string;
  /** What the states that are left out would have set. */
  readonly variables: Variables;
  /**
   * The state that leads there instead of to its own next one.
   *
   * @default - none: the definition starts there
   */
  readonly after?: string;
}

/** The state that sets the variables. */
const enter = "Enter";

/**
 * A definition that is entered elsewhere than at its start, with the variables that the states left out would have set.
 *
 * What is no longer reached goes, because Step Functions refuses unreachable states.
 */
export function enterAt(
  definition: StateMachineDefinition,
  { state, variables, after }: Entry,
): StateMachineDefinition {
  if (enter in definition.States) throw new Error(`The definition has a state ${enter} of its own`);
  if (!(state in definition.States)) throw new Error(`The definition has no state ${state}`);
  const entered: Record<string, State> = {
    ...definition.States,
    [enter]: { Type: "Pass", Assign: literals(variables), Next: state },
  };
  if (after !== undefined) entered[after] = leadingTo(enter, after, definition.States[after]);
  return reachable({
    ...definition,
    StartAt: after === undefined ? enter : definition.StartAt,
    States: entered,
  });
}

/** As expressions: a text that looks like one must stay a text. */
function literals(variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, expression(JSON.stringify(value))]),
  );
}

function leadingTo(next: string, name: string, state: State | undefined): State {
  if (state === undefined || !("Next" in state) || state.Next === undefined) {
    throw new Error(`${name} is no state with one next state`);
  }
  return { ...state, Next: next };
}

function reachable<Graph extends StateGraph>(graph: Graph): Graph {
  const reached = new Set([graph.StartAt]);
  for (const name of reached) {
    for (const { target } of transitions(graph.States[name] as State)) reached.add(target);
  }
  const States = Object.fromEntries(Object.entries(graph.States).filter(([name]) => reached.has(name)));
  return { ...graph, States };
}
