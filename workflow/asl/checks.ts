/** Checks of a definition that neither its types nor asl-validator make. */

import jsonata from "jsonata";
import { isExpression, type Json, type Jsonata, sourceOf } from "./jsonata";
import type { State, StateGraph } from "./states";

const maxStateNameLength = 80;

/**
 * The problems of a definition; none means that every target exists and every variable is set before it is read.
 *
 * Step Functions finds an unset variable only when an execution comes to it.
 */
export function checkDefinition(graph: StateGraph, known: ReadonlySet<string> = new Set()): string[] {
  const problems: string[] = [];
  if (!(graph.StartAt in graph.States)) problems.push(`StartAt is ${graph.StartAt}, which is no state`);
  for (const [name, state] of Object.entries(graph.States)) {
    if (name.length > maxStateNameLength) problems.push(`${name}: a state's name has at most 80 characters`);
    for (const { target } of transitions(state)) {
      if (!(target in graph.States)) problems.push(`${name} leads to ${target}, which is no state`);
    }
  }
  if (problems.length > 0) return problems;
  const set = variablesSetBefore(graph, known);
  for (const [name, state] of Object.entries(graph.States)) {
    const available = set.get(name);
    if (available === undefined) {
      problems.push(`${name} is never reached`);
      continue;
    }
    for (const text of expressions(state)) problems.push(...checkExpression(name, text, available));
    if (state.Type === "Map") problems.push(...checkDefinition(state.ItemProcessor, available));
  }
  return problems;
}

/** For every state, the variables that are set on all paths to it: a fixed point over the transitions. */
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

/** Where a state leads. */
interface StateTransition {
  readonly target: string;
  /** Variables that are set on the way. */
  readonly assigned: readonly string[];
}

/** Everywhere a state leads. */
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

/** Every JSONata expression in a state, its item processor left out. */
function expressions(value: Json | State): Jsonata[] {
  if (typeof value === "string") return isExpression(value) ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value)
    .filter(([key]) => key !== "ItemProcessor")
    .flatMap(([, inner]) => expressions(inner as Json));
}

function checkExpression(state: string, text: Jsonata, available: ReadonlySet<string>): string[] {
  // Terraform reads these in any string as its own. Its references, which CDKTF writes, are closed at once.
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

/** What an expression reads. Most are the same in all environments, so each is parsed once. */
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

/** Variables that an expression reads and does not bind itself. Binding is taken to hold for the whole expression. */
function freeVariables(ast: unknown): string[] {
  const read = new Set<string>();
  const bound = new Set<string>([""]); // `$` alone is the context
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== "object") return;
    const { type, value, lhs, arguments: parameters, procedure } = node as AstNode;
    if (type === "bind" && lhs !== undefined) bound.add(String(lhs.value));
    if (type === "lambda") for (const parameter of parameters ?? []) bound.add(String(parameter.value));
    if (type === "variable") read.add(String(value));
    for (const [key, child] of Object.entries(node)) {
      // A called name is a function: JSONata reports an unknown one, and Step Functions adds some of its own.
      const isFunctionName = key === "procedure" && procedure?.type === "variable";
      if (!isFunctionName) visit(child);
    }
  };
  visit(ast);
  return [...read].filter((name) => !bound.has(name));
}
