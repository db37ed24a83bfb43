/**
 * Texts of a synthesized stack, whose tokens stand for values of other resources.
 *
 * Where a plan does not know a definition or a policy yet, the synthesized text tells it all but those values.
 */

import {
  managedChanges,
  type Plan,
  type ResourceChange,
  readableName,
  type Synthesized,
} from "../terraform/plan-json";
import { isMarked, literally } from "./values";

/** `${aws_s3_bucket.Data.arn}`; two dollar signs are Terraform's way to write one. */
const token = /(?<!\$)\$\{([^}]*)\}/g;
const reference = /^(?:data\.)?\w[\w-]*\.[\w-]+\.\w+$/;

/** A place in a text for a value that only the deploy tells; no text of a plan holds this character. */
const unknownMark = "\u0000";

/** Texts of one stack with the values that its plan knows. */
export class Tokens {
  private readonly values = new Map<string, Record<string, unknown>>();
  private readonly changes = new Map<string, ResourceChange>();

  constructor(
    plan: Plan,
    private readonly stack: Synthesized,
  ) {
    // A data source that stands among the changes is read again when the deploy runs.
    const read = new Set(plan.resource_changes.map(({ address }) => address));
    for (const { address, values, sensitive_values: marks } of priorResources(plan)) {
      const open = Object.entries(values).filter(([attribute]) => !isMarked(marks, attribute));
      if (!read.has(address)) this.values.set(address, Object.fromEntries(open));
    }
    for (const change of managedChanges(plan)) this.changes.set(change.address, change);
  }

  /**
   * The text with the values in place of the tokens, and a mark in the place of each unknown one.
   *
   * A sensitive value counts as unknown: it is neither shown nor compared.
   */
  resolve(text: string): string {
    return text
      .replace(token, (_, expression: string) => this.value(expression) ?? this.mark(expression))
      .replaceAll("$${", "${")
      .replaceAll("%%{", "%{");
  }

  private value(expression: string): string | undefined {
    if (!reference.test(expression)) return undefined;
    const { address, attribute } = split(expression);
    const change = this.changes.get(address);
    if (change === undefined) return plain(this.values.get(address)?.[attribute]);
    const { after, after_unknown: unknown, after_sensitive: sensitive } = change.change;
    if (isMarked(unknown, attribute) || isMarked(sensitive, attribute)) return undefined;
    return plain(after?.[attribute]);
  }

  /** JSON cannot hold the mark's character as it is, so that it is written as JSON's own escape. */
  private mark(expression: string): string {
    const { address, attribute } = split(expression);
    const change = this.changes.get(address);
    const name = change === undefined ? "" : `${readableName(change, this.stack)}.${attribute}`;
    return `\\u0000${name}\\u0000`;
  }
}

function priorResources({ prior_state: state }: Plan) {
  return state?.values?.root_module?.resources ?? [];
}

/** Names of the resources whose unknown values stand in a resolved text. */
export function unknownIn(resolved: string): string[] {
  const names = [...resolved.matchAll(marked)].map(([, name = ""]) => split(name).address);
  return [...new Set(names)].filter((name) => name !== "");
}

const marked = new RegExp(`${unknownMark}([^${unknownMark}]*)${unknownMark}`, "g");

function split(expression: string): { address: string; attribute: string } {
  const dot = expression.lastIndexOf(".");
  return { address: expression.slice(0, dot), attribute: expression.slice(dot + 1) };
}

/** As it stands inside a JSON text. */
function plain(value: unknown): string | undefined {
  return typeof value === "string" ? JSON.stringify(value).slice(1, -1) : undefined;
}

/** Whether a text without unknown values may be what a resolved one becomes. */
export function mayBecome(before: string, resolved: string): boolean {
  if (!resolved.includes(unknownMark)) return before === resolved;
  const pattern = resolved.split(marked).map((part, i) => (i % 2 === 1 ? ".*" : literally(part)));
  return new RegExp(`^${pattern.join("")}$`, "s").test(before);
}

/** A resolved text for a person. */
export function withoutMarks(text: string): string {
  return text.replace(marked, (_, name: string) => `<${name || "known after the deploy"}>`);
}
