import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { ExecutionReport } from "../../workflow/steps/report";
import { resolveTarget } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { describeNamed } from "../execution/named-execution";
import { readHistory } from "../execution/variables";
import { UsageError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { explanationText } from "./text";

/** Shows which steps of an execution used the result of an earlier job, and what made the others run. */
export async function explainCache(environment: string, of: string, options: JsonOptions): Promise<void> {
  const target = await resolveTarget(environment);
  await announce(target);
  const { executionArn = "", name: execution = of } = await describeNamed(target, of);
  const steps = explanations(await readHistory(target.aws.sfn(), executionArn));
  if (steps === undefined) {
    throw new UsageError(
      `${execution} did not ask the cache: its input was refused, its definition has none (cache in config.ts), or it is a release`,
    );
  }
  printResult({ execution, steps }, () => text(execution, steps), options);
}

function text(execution: string, steps: Explanations): string {
  if (Object.keys(steps).length > 0) return explanationText(steps);
  return `${execution} has asked for no earlier result: it ended before, or began at a later stage`;
}

type Explanations = NonNullable<ExecutionReport["Cache"]>;

/** What an execution knows of its steps until now, whether or not it has ended; undefined without a cache. */
function explanations(events: readonly HistoryEvent[]): Explanations | undefined {
  const assigned = events.flatMap(
    ({ stateExitedEventDetails: exited }) => exited?.assignedVariables?.cache ?? [],
  );
  const last = assigned.at(-1);
  return last === undefined ? undefined : (JSON.parse(last) as Explanations);
}
