/** Checks of a definition that neither its types nor asl-validator do. */

import jsonata from "jsonata";
import { isExpression, type Json, type Jsonata, sourceOf } from "./jsonata";
import type { State, StateGraph } from "./states";

const maxStateNameLength = 80;

/**
 * Lists the problems of a definition: targets that do not exist, and variables that are read before they are set.
 *
 * Step Functions reports an unset variable only when an execution reads it.
 */
export function checkDefinition(graph: StateGraph, known: ReadonlySet<string> = new Set()): string[] {
  const problems = checkNames(graph);
  if (problems.length > 0) return problems;
  const set = variablesSetBefore(graph, known);
  return Object.entries(graph.States).flatMap(([name, state]) => checkState(name, state, set.get(name)));
}

function checkNames({ StartAt, States }: StateGraph): string[] {
  const lost = Object.entries(States).flatMap(([name, state]) => [
    ...(name.length > maxStateNameLength ? [`${name}: a state's name must have at most 80 characters`] : []),
    ...transitions(state)
      .filter(({ target }) => !(target in States))
      .map(({ target }) => `${name} transitions to ${target}, which does not exist`),
  ]);
  return StartAt in States ? lost : [`StartAt is ${StartAt}, which does not exist`, ...lost];
}

/** @param available variables that are set before the state; undefined if no state transitions to it */
function checkState(name: string, state: State, available: ReadonlySet<string> | undefined): string[] {
  if (available === undefined) return [`${name} is never reached`];
  return [
    ...expressions(state).flatMap((text) => checkExpression(name, text, available)),
    ...(state.Type === "Map" ? checkDefinition(state.ItemProcessor, available) : []),
  ];
}

/** Computes for every state the variables that are set on all paths to it, as a fixed point over the transitions. */
function variablesSetBefore(graph: StateGraph, known: ReadonlySet<string>): Map<string, ReadonlySet<string>> {
  const before = new Map<string, ReadonlySet<string>>([[graph.StartAt, known]]);
  const queue = [graph.StartAt];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const { target, assigned } of transitions(graph.States[name] as State)) {
      const here = new Set([...(before.get(name) ?? []), ...assigned]);
      const seen = before.get(target);
      const both = seen === undefined ? here : new Set([...seen].filter((variable) => here.has(variable)));
      if (seen === undefined || both.size < seen.size) {
        before.set(target, both);
        queue.push(target);
      }
    }
  }
  return before;
}

/** A transition of a state. */
interface StateTransition {
  readonly target: string;
  /** Variables that the transition sets. */
  readonly assigned: readonly string[];
}

/** Lists all transitions of a state. */
export function transitions(state: State): StateTransition[] {
  const to = (target: string, assign: object | undefined) => ({
    target,
    assigned: Object.keys(assign ?? {}),
  });
  switch (state.Type) {
    case "Succeed":
    case "Fail":
      return [];
    case "Choice":
      return [
        ...state.Choices.map((rule) => to(rule.Next, rule.Assign)),
        ...(state.Default === undefined ? [] : [to(state.Default, undefined)]),
      ];
    default: {
      const catches = "Catch" in state ? (state.Catch ?? []) : [];
      return [
        ...(state.Next === undefined ? [] : [to(state.Next, state.Assign)]),
        ...catches.map((catcher) => to(catcher.Next, catcher.Assign)),
      ];
    }
  }
}

/** Lists every JSONata expression in a state, without its item processor. */
function expressions(value: Json | State): Jsonata[] {
  if (typeof value === "string") return isExpression(value) ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value)
    .filter(([key]) => key !== "ItemProcessor")
    .flatMap(([, inner]) => expressions(inner as Json));
}

function checkExpression(state: string, text: Jsonata, available: ReadonlySet<string>): string[] {
  // Terraform interprets these in any string. References from CDKTF are closed at once.
  if (/%\{/.test(text))
    return [`${state}: an expression may not contain %{, which Terraform reads as its own: ${text}`];
  try {
    return variablesOf(text)
      .filter((name) => name !== "states" && !available.has(name))
      .map((name) => `${state} reads $${name}, which is not set on every path to it: ${text}`);
  } catch (error) {
    return [`${state}: ${(error as Error).message ?? JSON.stringify(error)} in ${text}`];
  }
}

const parsed = new Map<string, readonly string[]>();

/** The variables that an expression reads. Most expressions are the same in all environments, so each is parsed once. */
function variablesOf(text: Jsonata): readonly string[] {
  const known = parsed.get(text) ?? freeVariables(jsonata(sourceOf(text)).ast());
  parsed.set(text, known);
  return known;
}

interface AstNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly lhs?: AstNode;
  readonly arguments?: readonly AstNode[];
  readonly body?: AstNode;
  readonly procedure?: AstNode;
}

/** Variables that an expression reads and does not bind itself. A binding counts for the whole expression. */
function freeVariables(ast: unknown): string[] {
  const read = new Set<string>();
  const bound = new Set<string>([""]); // `$` alone is the context
  for (const node of nodesOf(ast)) {
    if (node.type === "variable") read.add(String(node.value));
    for (const name of boundBy(node)) bound.add(name);
  }
  return [...read].filter((name) => !bound.has(name));
}

function boundBy({ type, lhs, arguments: parameters = [] }: AstNode): string[] {
  if (type === "bind" && lhs !== undefined) return [String(lhs.value)];
  return type === "lambda" ? parameters.map(({ value }) => String(value)) : [];
}

/** An expression's parts, without the names of functions. */
function* nodesOf(part: unknown): Generator<AstNode> {
  if (part === null || typeof part !== "object") return;
  const node: AstNode = part;
  yield node;
  for (const [key, child] of Object.entries(node)) {
    // A called name is a function: JSONata reports an unknown one, and Step Functions adds some of its own.
    const isFunctionName = key === "procedure" && node.procedure?.type === "variable";
    if (!isFunctionName) yield* nodesOf(child);
  }
}
