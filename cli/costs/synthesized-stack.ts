import { UsageError } from "../terminal/errors";
import { parseDefinition } from "../terraform/definition-json";
import { parseSynthesized } from "../terraform/plan-json";
import { definitionSizes } from "./definition-sizes";
import type { Durations } from "./durations";
import { type Estimate, estimateCosts, type StackResource } from "./estimation";

/** Assumptions that replace the estimate's defaults. */
export interface Assumptions extends Partial<Durations> {
  readonly runsPerMonth?: number;
}

/**
 * Prices a synthesized stack: its state machine and its other resources.
 *
 * @param stack name of the stack
 * @param synthesized its `cdk.tf.json`, as JSON
 * @throws UsageError if the stack has no state machine
 */
export function estimateStack(
  stack: string,
  synthesized: unknown,
  region: string,
  { runsPerMonth, ...durations }: Assumptions,
): Estimate {
  const { resource: types } = parseSynthesized(stack, synthesized);
  const resources: StackResource[] = Object.entries(types).flatMap(([type, named]) =>
    Object.values(named).map((values) => ({ type, values })),
  );
  // The stack also has the release state machine; the state machine with the most jobs is the one that a run uses.
  const [run, ...others] = resources
    .filter(({ type }) => type === "aws_sfn_state_machine")
    .flatMap(({ values: { definition } }) => (typeof definition === "string" ? [definition] : []))
    .map(parseDefinition)
    .sort((one, two) => definitionSizes(two).jobs.length - definitionSizes(one).jobs.length);
  if (run === undefined) {
    throw new UsageError(`The stack ${stack} must have a state machine: pass the pipeline stack`);
  }
  return estimateCosts(run, { region, runsPerMonth, durations, resources, others });
}
