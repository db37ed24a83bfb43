import { type ResourceChange, type Synthesized, synthesizedResource } from "../terraform/plan-json";
import type { Tokens } from "./tokens";
import { isMarked, isObject } from "./values";

/** A JSON document in an attribute of a resource, such as a definition or a policy. */
export interface JsonDocument {
  /** Missing where there is none. */
  readonly json?: Record<string, unknown>;
  /** Why it cannot be read, where there is one. */
  readonly unreadable?: string;
}

/** The document before the deploy. */
export function documentBefore({ change }: ResourceChange, attribute: string): JsonDocument {
  if (isMarked(change.before_sensitive, attribute)) return { unreadable: "it is marked as sensitive" };
  return read(change.before?.[attribute]);
}

/** The document after the deploy; what the plan does not know yet is read from the synthesized stack. */
export function documentAfter(
  { address, change }: ResourceChange,
  attribute: string,
  stack: Synthesized,
  tokens: Tokens,
): JsonDocument {
  if (isMarked(change.after_sensitive, attribute)) return { unreadable: "it is marked as sensitive" };
  if (!isMarked(change.after_unknown, attribute)) return read(change.after?.[attribute]);
  const text = synthesizedResource(stack, address)?.[attribute];
  if (typeof text !== "string") return { unreadable: "only the deploy will tell it" };
  return read(tokens.resolve(text));
}

function read(text: unknown): JsonDocument {
  if (typeof text !== "string" || text === "") return {};
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return { json };
  } catch {
    // Told below, as for JSON that is no document.
  }
  return { unreadable: "it is no JSON before the deploy" };
}
