import { UsageError } from "../terminal/errors";
import { type DefinitionJson, parseDefinition } from "../terraform/definition-json";
import { parseSynthesized } from "../terraform/plan-json";
import { definitionSizes } from "./definition-sizes";
import type { Durations } from "./durations";
import { type Estimate, type EstimateOptions, estimateCosts, type StackResource } from "./formulas";

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
  const definitions = resources
    .filter(({ type }) => type === "aws_sfn_state_machine")
    .flatMap(({ values: { definition } }) => (typeof definition === "string" ? [definition] : []))
    .map(parseDefinition);
  const estimate = estimateResources(definitions, resources, { region, runsPerMonth, durations });
  if (estimate === undefined) {
    throw new UsageError(`The stack ${stack} must have a state machine: pass the pipeline stack`);
  }
  return estimate;
}

/**
 * Prices the state machines of one environment, with the resources next to them.
 *
 * One of the machines trains, the other only releases: a run is an execution of the one with jobs.
 */
export function estimateResources(
  definitions: readonly DefinitionJson[],
  resources: readonly StackResource[],
  options: Pick<EstimateOptions, "region" | "runsPerMonth" | "durations">,
): Estimate | undefined {
  const jobs = (definition: DefinitionJson) => definitionSizes(definition).jobs.length;
  const [run, ...others] = [...definitions].sort((one, two) => jobs(two) - jobs(one));
  return run === undefined ? undefined : estimateCosts(run, { ...options, resources, others });
}
