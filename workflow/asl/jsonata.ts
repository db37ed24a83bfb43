/**
 * JSONata in definitions.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */

/** An expression in the form that Step Functions evaluates. */
export type Jsonata = `{% ${string} %}`;

/** Any JSON value; strings may be JSONata expressions. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/**
 * Builds an expression. Interpolated values become literals, except for other expressions, which stay as they are.
 *
 * Backslashes belong to JSONata. Line breaks are only for readability.
 */
export function jsonata(source: TemplateStringsArray, ...values: readonly Json[]): Jsonata {
  return expression(String.raw({ raw: source.raw }, ...values.map(written)));
}

/** Builds an expression from its source, for names in it that depend on a value. */
export function expression(source: string): Jsonata {
  return `{% ${source.replace(/\s*\n\s*/g, " ").trim()} %}`;
}

/** Joins expressions with `separator`. */
export function joined(expressions: readonly Jsonata[], separator: string): Jsonata {
  return expression(expressions.map(sourceOf).join(separator));
}

/** The source of an expression. */
export function sourceOf(expression: Jsonata): string {
  return expression.slice(2, -2).trim();
}

/** Whether Step Functions reads a value as an expression. */
export function isExpression(value: unknown): value is Jsonata {
  return typeof value === "string" && value.startsWith("{%");
}

function written(value: Json): string {
  if (isExpression(value)) return sourceOf(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  // Array.isArray does not narrow a readonly array in a union.
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(written).join(",")}]`;
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${written(inner)}`)}}`;
}
