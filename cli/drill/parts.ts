/** The parts of a definition that a drill must drive: states, retriers, catchers, and the rules of choices. */

import { createHash } from "node:crypto";
import type {
  Catcher,
  ChoiceState,
  Retrier,
  State,
  StateGraph,
  StateMachineDefinition,
} from "../../workflow/asl/states";

export type PartKind = "state" | "retrier" | "catcher" | "rule";

/** One part of a definition. */
export interface Part {
  readonly kind: PartKind;
  /** Of the state that it is, or that it belongs to. */
  readonly state: string;
  /** Such as `FindEndpoint, catcher 1`. */
  readonly name: string;
  /** The same in all definitions whose state is the same in every detail. */
  readonly key: string;
}

/** A definition whose history tells which rule or catcher led on: each leads through a state of its own. */
export interface MarkedDefinition {
  readonly definition: StateMachineDefinition;
  readonly parts: readonly Part[];
}

/** All states of a definition, with those inside Maps. */
export function statesOf(graph: StateGraph): [string, State][] {
  return Object.entries(graph.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.Type === "Map" ? statesOf(state.ItemProcessor) : []),
  ]);
}

/** Marks a definition's rules and catchers. */
export function marked(definition: StateMachineDefinition): MarkedDefinition {
  return {
    definition: { ...definition, States: markedStates(definition) },
    parts: statesOf(definition).flatMap(([name, state]) => partsOf(name, state)),
  };
}

function partsOf(state: string, content: State): Part[] {
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
  const part = (kind: PartKind, name = state): Part => ({ kind, state, name, key: `${name} ${hash}` });
  return [
    part("state"),
    ...retriersOf(content).map((_, index) => part("retrier", retrierName(state, index))),
    ...catchersOf(content).map((_, index) => part("catcher", catcherName(state, index))),
    ...rulesOf(content).map((_, index) => part("rule", ruleName(state, index))),
    ...(content.Type === "Choice" && content.Default !== undefined ? [part("rule", defaultName(state))] : []),
  ];
}

export function retriersOf(state: State): readonly Retrier[] {
  return "Retry" in state ? (state.Retry ?? []) : [];
}

export function catchersOf(state: State): readonly Catcher[] {
  return "Catch" in state ? (state.Catch ?? []) : [];
}

function rulesOf(state: State) {
  return state.Type === "Choice" ? state.Choices : [];
}

export const retrierName = (state: string, index: number) => `${state}, retrier ${index + 1}`;
const catcherName = (state: string, index: number) => `${state}, catcher ${index + 1}`;
const ruleName = (state: string, index: number) => `${state}, rule ${index + 1}`;
const defaultName = (state: string) => `${state}, default`;

function markedStates(graph: StateGraph): Record<string, State> {
  const states: Record<string, State> = {};
  for (const [name, state] of Object.entries(graph.States)) {
    const marks: Record<string, string> = {};
    states[name] = markedState(name, state, marks);
    for (const [mark, Next] of Object.entries(marks)) states[mark] = { Type: "Pass", Next };
  }
  return states;
}

/** The state whose transitions lead through marks, which are added to `marks` with their next states. */
function markedState(name: string, state: State, marks: Record<string, string>): State {
  const through = (mark: string, next: string) => {
    marks[mark] = next;
    return mark;
  };
  if (state.Type === "Choice") return markedChoice(name, state, through);
  const inner = state.Type === "Map" ? { ...state, ItemProcessor: markedGraph(state.ItemProcessor) } : state;
  if (!("Catch" in inner) || inner.Catch === undefined) return inner;
  const Catch = inner.Catch.map((catcher, index) => ({
    ...catcher,
    Next: through(catcherName(name, index), catcher.Next),
  }));
  return { ...inner, Catch };
}

function markedChoice(
  name: string,
  state: ChoiceState,
  through: (mark: string, next: string) => string,
): ChoiceState {
  return {
    ...state,
    Choices: state.Choices.map((rule, index) => ({
      ...rule,
      Next: through(ruleName(name, index), rule.Next),
    })),
    ...(state.Default !== undefined && { Default: through(defaultName(name), state.Default) }),
  };
}

function markedGraph<Graph extends StateGraph>(graph: Graph): Graph {
  return { ...graph, States: markedStates(graph) };
}
