import { type DefinitionJson, parseDefinition } from "../terraform/definition-json";
import {
  type Action,
  actionOf,
  managedChanges,
  type Plan,
  type ResourceChange,
  readableName,
  type Synthesized,
} from "../terraform/plan-json";
import { documentAfter, documentBefore } from "./documents";
import { mayBecome, type Tokens, unknownIn } from "./tokens";
import { type Difference, differences, isObject } from "./values";

/** The changes of one state machine. */
export interface StateMachineChange {
  readonly name: string;
  readonly action: Action;
  /** Changes of the state machine itself: start, timeout, query language. */
  readonly settings: readonly Difference[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly StateChange[];
  /** Why the definition cannot be compared. */
  readonly unreadable?: string;
  readonly before?: DefinitionJson;
  readonly after?: DefinitionJson;
}

interface StateChange {
  readonly state: string;
  readonly differences: readonly Difference[];
  /** Names of the resources whose new values the state will contain. */
  readonly changesWith: readonly string[];
}

/** Lists the changes of every state machine in a plan. */
export function stateMachineChanges(plan: Plan, stack: Synthesized, tokens: Tokens): StateMachineChange[] {
  return managedChanges(plan)
    .filter(({ type, change }) => type === "aws_sfn_state_machine" && actionOf(change) !== "none")
    .map((change) => stateMachineChange(change, stack, tokens));
}

function stateMachineChange(
  resource: ResourceChange,
  stack: Synthesized,
  tokens: Tokens,
): StateMachineChange {
  const { change } = resource;
  const name = change.after?.name ?? change.before?.name;
  const outline = {
    name: typeof name === "string" ? name : readableName(resource, stack),
    action: actionOf(change),
  };
  const documents = [
    documentBefore(resource, "definition"),
    documentAfter(resource, "definition", stack, tokens),
  ];
  const nothing = { settings: [], added: [], removed: [], changed: [] };
  const unreadable = documents.find((document) => document.unreadable !== undefined)?.unreadable;
  if (unreadable !== undefined) return { ...outline, ...nothing, unreadable };
  let before: DefinitionJson | undefined;
  let after: DefinitionJson | undefined;
  try {
    [before, after] = documents.map(({ json }) =>
      json === undefined ? undefined : parseDefinition(JSON.stringify(json)),
    );
  } catch (error) {
    return { ...outline, ...nothing, unreadable: (error as Error).message };
  }
  return { ...outline, before, after, ...compare(before, after) };
}

function compare(before: DefinitionJson | undefined, after: DefinitionJson | undefined) {
  const { States: old = {}, ...oldSettings } = before ?? {};
  const { States: states = {}, ...settings } = after ?? {};
  const changed = Object.entries(states).flatMap(([state, json]): StateChange[] => {
    if (old[state] === undefined) return [];
    const found = differences(old[state], json, mayBecome);
    const changesWith = [...new Set(textsIn(json).flatMap(unknownIn))];
    return found.length === 0 && changesWith.length === 0 ? [] : [{ state, differences: found, changesWith }];
  });
  return {
    settings:
      before === undefined || after === undefined ? [] : differences(oldSettings, settings, mayBecome),
    added: Object.keys(states).filter((state) => old[state] === undefined),
    removed: Object.keys(old).filter((state) => states[state] === undefined),
    changed,
  };
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}
