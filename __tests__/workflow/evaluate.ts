import { createHash } from "node:crypto";
import jsonata from "jsonata";
import { isExpression, sourceOf } from "../../workflow/asl/jsonata";

/** A context object as Step Functions gives it. */
export function context(
  overrides: { Input?: unknown; Name?: string; RedriveCount?: number; RetryCount?: number } = {},
) {
  const { Input = {}, Name = "run-1", RedriveCount = 0, RetryCount = 0 } = overrides;
  return {
    Execution: {
      Id: `arn:aws:states:us-east-1:123456789012:execution:housing-dev:${Name}`,
      Input,
      Name,
      RedriveCount,
      StartTime: "2026-01-02T03:04:05.678Z",
    },
    State: { RetryCount },
  };
}

/** Evaluates JSONata as Step Functions does, with the functions that it adds. */
export async function evaluate(
  expression: string,
  states: Record<string, unknown> = { context: context() },
  variables: Record<string, unknown> = {},
): Promise<unknown> {
  const compiled = jsonata(isExpression(expression) ? sourceOf(expression) : expression);
  compiled.registerFunction("hash", (text: string, algorithm: string) =>
    createHash(algorithm.replace("-", "").toLowerCase()).update(text).digest("hex"),
  );
  compiled.registerFunction("parse", (text: string) => JSON.parse(text));
  return plain(await compiled.evaluate(undefined, { states, ...variables }));
}

/** Without the marks that JSONata puts on its arrays. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
