import { FailedError } from "../terminal/errors";
import { ExecutionFailedError } from "./follow";
import { nextCommand } from "./next-command";

/** Adds to a failure the command that goes on with the results that there are. */
export function withNextCommand(error: unknown, environment: string): unknown {
  if (!(error instanceof ExecutionFailedError)) return error;
  const command = nextCommand(environment, error.result.description, error.failure);
  if (command === undefined) return error;
  return new FailedError(`${error.message}\n  to go on: ${command}`, { cause: error });
}
