import { UsageError } from "../terminal/errors";
import { parseDefinition } from "../terraform/definition-json";
import { parseSynthesized } from "../terraform/plan-json";
import { definitionSizes } from "./definition-sizes";
import type { Durations } from "./durations";
import { type Estimate, estimateCosts, type StackResource } from "./estimation";

/** What an estimate takes for granted, in place of its defaults. */
export interface Assumptions extends Partial<Durations> {
  readonly runsPerMonth?: number;
}

/**
 * Prices a synthesized stack: its state machine, and what stands beside it.
 *
 * @param stack name of the stack
 * @param synthesized its `cdk.tf.json`, as JSON
 * @throws UsageError when the stack has no state machine
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
  // The stack has a machine of releases, too: a run is what has jobs.
  const [run, ...others] = resources
    .filter(({ type }) => type === "aws_sfn_state_machine")
    .flatMap(({ values: { definition } }) => (typeof definition === "string" ? [definition] : []))
    .map(parseDefinition)
    .sort((one, two) => definitionSizes(two).jobs.length - definitionSizes(one).jobs.length);
  if (run === undefined) {
    throw new UsageError(`The stack ${stack} has no state machine to price: name the stack of the pipeline`);
  }
  return estimateCosts(run, { region, runsPerMonth, durations, resources, others });
}
