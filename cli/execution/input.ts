import { readFileSync } from "node:fs";
import jsonata from "jsonata";
import { workflowProps } from "../../configuration";
import { expression, sourceOf } from "../../workflow/asl/jsonata";
import { type ExecutionInput, inputProblems } from "../../workflow/execution-input";
import { workflowSettings } from "../../workflow/props";
import { inputRules } from "../../workflow/steps/input";
import { UsageError } from "../terminal/errors";

/**
 * Reads an execution input and checks it with the same expression that the state machine uses.
 *
 * @throws UsageError with all problems, before anything is started
 */
export async function readInput(source: string, environment: string): Promise<ExecutionInput> {
  let input: unknown;
  try {
    input = JSON.parse(source.trimStart().startsWith("{") ? source : readFileSync(source, "utf8"));
  } catch (error) {
    throw new UsageError(`--input must be JSON or the path of a JSON file: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const settings = workflowSettings(workflowProps(environment), ({ folder }) => folder);
  const check = sourceOf(inputProblems(expression("$input0"), inputRules(settings)));
  const problems: string[] = await jsonata(check).evaluate({}, { input0: input });
  if (problems.length > 0) throw new UsageError(`The execution input is invalid:\n${problems.join("\n")}`);
  return input as ExecutionInput;
}
