/** What is wrong with a value of `config.ts`, in plain words: what it must be, and what it is. */

import { z } from "zod";
import { suggestion } from "./suggest";

type Issue = z.core.$ZodRawIssue;

/** The text of a problem that the schema itself has none for. */
export function problemText(issue: Issue): string | undefined {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue.keys as readonly string[], knownKeys(issue.inst));
    case "invalid_type":
      return mustBe(types[issue.expected as string] ?? `a value of type ${issue.expected}`, issue);
    case "invalid_value":
      return mustBeOneOf(issue.values as readonly unknown[], issue);
    case "invalid_union":
      if (issue.discriminator === undefined) return mustBe(forms(issue.inst), issue);
      return mustBeOneOf(issue.options as readonly unknown[], {
        input: (issue.input as Record<string, unknown>)[issue.discriminator as string],
      });
    case "invalid_key":
      return (issue.issues as readonly { message: string }[]).map(({ message }) => message).join(", ");
    case "too_small":
      return mustBe(atLeast(issue), issue);
    case "too_big":
      return mustBe(`${sizes(issue)}at most ${issue.maximum}${units(issue)}`, issue);
    case "invalid_format":
      if (issue.format === "email") return mustBe("an e-mail address", issue);
      if (issue.format === "starts_with") return mustBe(`a string that starts with ${issue.prefix}`, issue);
      return undefined;
    default:
      return undefined;
  }
}

const types: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  nonoptional: "an object or a function",
};

/** The forms of a value of several, by their keys if they are objects. */
function forms(schema: unknown): string {
  const options = schema instanceof z.ZodUnion ? schema.options : [];
  const keys = options.map((option) => option instanceof z.ZodObject && Object.keys(option.shape).join(", "));
  return keys.length > 0 && keys.every((text) => text !== false)
    ? keys.map((text) => `{ ${text} }`).join(" or ")
    : "one of the documented forms";
}

function mustBe(what: string, { input }: Pick<Issue, "input">): string {
  if (input === undefined) return `must be set: ${what}`;
  const text = JSON.stringify(input) ?? String(input);
  return `must be ${what}, got ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

function mustBeOneOf(values: readonly unknown[], issue: Pick<Issue, "input">): string {
  const known = values.map(String);
  const hint = typeof issue.input === "string" ? suggestion(issue.input, known) : "";
  return `${mustBe(known.length === 1 ? `${known[0]}` : `one of ${known.join(", ")}`, issue)}${hint}`;
}

function atLeast(issue: Issue): string {
  const { minimum, inclusive } = issue as { minimum: number; inclusive?: boolean };
  return `${sizes(issue)}${inclusive === false ? "more than" : "at least"} ${minimum}${units(issue)}`;
}

const sizes = ({ origin }: Issue) =>
  origin === "array" ? "a list of " : origin === "string" ? "a string of " : "";
const units = ({ origin }: Issue) =>
  origin === "array" ? " entries" : origin === "string" ? " characters" : "";

/** The keys that an object or a record may have, as far as its schema lists them. */
function knownKeys(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum) {
    return schema.keyType.options.map(String);
  }
  return [];
}

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  return `Unknown ${keys.map((key) => `key "${key}"${suggestion(key, known)}`).join(", ")}`;
}
