import { type ResourceChange, type Synthesized, synthesizedResource } from "../terraform/plan-json";
import type { Tokens } from "./tokens";
import { isMarked, isObject } from "./values";

/** A JSON document in an attribute of a resource, such as a definition or a policy. */
export interface JsonDocument {
  /** Absent if there is no document. */
  readonly json?: Record<string, unknown>;
  /** Why an existing document cannot be read. */
  readonly unreadable?: string;
}

/** Reads the document before the deploy. */
export function documentBefore({ change }: ResourceChange, attribute: string): JsonDocument {
  if (isMarked(change.before_sensitive, attribute)) return { unreadable: "it is marked as sensitive" };
  return read(change.before?.[attribute]);
}

/** Reads the document after the deploy; parts that the plan does not know yet come from the synthesized stack. */
export function documentAfter(
  { address, change }: ResourceChange,
  attribute: string,
  stack: Synthesized,
  tokens: Tokens,
): JsonDocument {
  if (isMarked(change.after_sensitive, attribute)) return { unreadable: "it is marked as sensitive" };
  if (!isMarked(change.after_unknown, attribute)) return read(change.after?.[attribute]);
  const text = synthesizedResource(stack, address)?.[attribute];
  if (typeof text !== "string") return { unreadable: "it is known only after the deploy" };
  return read(tokens.resolve(text));
}

function read(text: unknown): JsonDocument {
  if (typeof text !== "string" || text === "") return {};
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return { json };
  } catch {
    // Reported below, as for JSON that is not a document.
  }
  return { unreadable: "it is not JSON before the deploy" };
}
