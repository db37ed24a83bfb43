import { monitoredWindow } from "../../workflow/monitoring/monitor";
import { monitorSuffix } from "../../workflow/names";
import { firing } from "../../workflow/schedules";
import { UsageError } from "../terminal/errors";
import { type DefinitionJson, parseDefinition } from "../terraform/definition-json";
import { parseSynthesized } from "../terraform/plan-json";
import { definitionSizes } from "./definition-sizes";
import type { Durations } from "./durations";
import { type Estimate, type EstimateOptions, estimateCosts } from "./formulas";
import type { MonitorUse } from "./monitor-rows";
import type { StackResource } from "./rows";

/** Assumptions that replace the estimate's defaults. */
export interface Assumptions extends Partial<Durations>, MonitorAssumptions {
  readonly runsPerMonth?: number;
}

interface MonitorAssumptions {
  /** @default - those of its schedule */
  readonly monitorRunsPerMonth?: number;
  /** Requests to the endpoint; how much is captured depends on them. */
  readonly requestsPerMonth?: number;
  /** Hours of requests that one run of the monitor reads. */
  readonly windowInHours?: number;
}

const defaultRequestsPerMonth = 100_000;

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
  { runsPerMonth, monitorRunsPerMonth, requestsPerMonth, windowInHours, ...durations }: Assumptions,
): Estimate {
  const { resource: types } = parseSynthesized(stack, synthesized);
  const resources: StackResource[] = Object.entries(types).flatMap(([type, named]) =>
    Object.values(named).map((values) => ({ type, values })),
  );
  const machines = resources
    .filter(({ type }) => type === "aws_sfn_state_machine")
    .flatMap(({ values: { name, definition } }): Machine[] =>
      typeof definition === "string" ? [{ name: text(name), definition: parseDefinition(definition) }] : [],
    );
  const estimate = estimateResources(machines, resources, {
    region,
    runsPerMonth,
    durations,
    monitor: { monitorRunsPerMonth, requestsPerMonth, windowInHours },
  });
  if (estimate === undefined) {
    throw new UsageError(`The stack ${stack} must have a state machine: pass the pipeline stack`);
  }
  return estimate;
}

/** A state machine; its name may be unknown until it is deployed. */
export interface Machine {
  readonly name?: string;
  readonly definition: DefinitionJson;
}

/**
 * Prices the state machines of one environment, with the resources next to them.
 *
 * One of the machines trains, another only releases: a run is an execution of the one with most jobs. The monitor runs on
 * a schedule of its own.
 */
export function estimateResources(
  machines: readonly Machine[],
  resources: readonly StackResource[],
  {
    monitor: assumed = {},
    ...options
  }: Pick<EstimateOptions, "region" | "runsPerMonth" | "durations"> & {
    readonly monitor?: MonitorAssumptions;
  },
): Estimate | undefined {
  const jobs = ({ definition }: Machine) => definitionSizes(definition).jobs.length;
  const watching = machines.find((machine) => isMonitor(machine, machines));
  const [run, ...others] = machines
    .filter((machine) => machine !== watching)
    .sort((one, two) => jobs(two) - jobs(one));
  return run === undefined
    ? undefined
    : estimateCosts(run.definition, {
        ...options,
        resources,
        others: others.map(({ definition }) => definition),
        monitor: watching && monitorUse(watching, resources, assumed),
      });
}

/** The monitor has the workflow's name, and a suffix. */
function isMonitor({ name }: Machine, machines: readonly Machine[]): boolean {
  return machines.some((other) => other.name !== undefined && name === `${other.name}${monitorSuffix}`);
}

function monitorUse(
  { name, definition }: Machine,
  resources: readonly StackResource[],
  { monitorRunsPerMonth, requestsPerMonth = defaultRequestsPerMonth, ...window }: MonitorAssumptions,
): MonitorUse {
  const schedule = resources.find(
    ({ type, values }) => type === "aws_scheduler_schedule" && values.name === name,
  );
  const expression = text(schedule?.values.schedule_expression);
  const runsPerMonth =
    monitorRunsPerMonth ?? (expression === undefined ? 0 : (firing(expression)?.timesPerMonth ?? 0));
  return {
    definition,
    runsPerMonth,
    windowInHours: monitoredWindow(window).windowInHours,
    requestsPerMonth,
    owns: ({ type, values }) =>
      type === "aws_cloudwatch_metric_alarm" && text(values.alarm_name)?.startsWith(`${name}-`) === true,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
