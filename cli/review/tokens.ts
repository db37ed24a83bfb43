/**
 * Texts of a synthesized stack, whose tokens represent values of other resources.
 *
 * If a plan does not know a definition or a policy yet, the synthesized text contains everything but those values.
 */

import {
  managedChanges,
  type Plan,
  type ResourceChange,
  readableName,
  type Synthesized,
} from "../terraform/plan-json";
import { isMarked, literally } from "./values";

/** Matches `${aws_s3_bucket.Data.arn}`; Terraform escapes a dollar sign with a second one. */
const token = /(?<!\$)\$\{([^}]*)\}/g;
const reference = /^(?:data\.)?\w[\w-]*\.[\w-]+\.\w+$/;

/** Marks a value that is known only after the deploy; no text of a plan contains this character. */
const unknownMark = "\u0000";

/** Resolves the texts of one stack with the values that its plan knows. */
export class Tokens {
  private readonly values = new Map<string, Record<string, unknown>>();
  private readonly changes = new Map<string, ResourceChange>();

  constructor(
    plan: Plan,
    private readonly stack: Synthesized,
  ) {
    // A data source among the changes is read again during the deploy.
    const read = new Set(plan.resource_changes.map(({ address }) => address));
    for (const { address, values, sensitive_values: marks } of priorResources(plan)) {
      const open = Object.entries(values).filter(([attribute]) => !isMarked(marks, attribute));
      if (!read.has(address)) this.values.set(address, Object.fromEntries(open));
    }
    for (const change of managedChanges(plan)) this.changes.set(change.address, change);
  }

  /**
   * Replaces the tokens in a text with their values, or with a mark if a value is unknown.
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

  /** Writes the mark as a JSON escape, because JSON cannot contain its character. */
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

/** Lists the resources whose unknown values are in a resolved text. */
export function unknownIn(resolved: string): string[] {
  const names = [...resolved.matchAll(marked)].map(([, name = ""]) => split(name).address);
  return [...new Set(names)].filter((name) => name !== "");
}

const marked = new RegExp(`${unknownMark}([^${unknownMark}]*)${unknownMark}`, "g");

function split(expression: string): { address: string; attribute: string } {
  const dot = expression.lastIndexOf(".");
  return { address: expression.slice(0, dot), attribute: expression.slice(dot + 1) };
}

/** The mark inside a JSON text. */
function plain(value: unknown): string | undefined {
  return typeof value === "string" ? JSON.stringify(value).slice(1, -1) : undefined;
}

/** Whether a resolved text may become a text without unknown values. */
export function mayBecome(before: string, resolved: string): boolean {
  if (!resolved.includes(unknownMark)) return before === resolved;
  const pattern = resolved.split(marked).map((part, i) => (i % 2 === 1 ? ".*" : literally(part)));
  return new RegExp(`^${pattern.join("")}$`, "s").test(before);
}

/** Formats a resolved text for display. */
export function withoutMarks(text: string): string {
  return text.replace(marked, (_, name: string) => `<${name || "known after the deploy"}>`);
}
