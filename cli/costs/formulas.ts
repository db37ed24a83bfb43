import type { DefinitionJson } from "../terraform/definition-json";
import { type DefinitionSizes, definitionSizes } from "./definition-sizes";
import { type Durations, defaultDurations } from "./durations";
import { hoursPerMonth, type VariantSize } from "./endpoint-cost";
import { notesOn, servingRates, updateRow, variantRow } from "./endpoint-rows";
import { jobRow, singleTrainingNote, spotNote, warmPoolRow } from "./job-rows";
import { type MonitorUse, monitorRows } from "./monitor-rows";
import { priceOf, type Unit } from "./prices";
import { countedRows } from "./resource-rows";
import { type CostRow, type MakeRow, priced, type StackResource } from "./rows";
import { transitionsPerRun } from "./transitions";

const defaultRunsPerMonth = 4;

/** The wait between two checks of an endpoint, if an expression decides it at run time. */
const pollSeconds = 30;

export interface EstimateOptions {
  readonly region: string;
  /** @default 4 */
  readonly runsPerMonth?: number;
  /** @default - `defaultDurations` */
  readonly durations?: Partial<Durations>;
  /** The other resources of the stack; only these are counted. */
  readonly resources?: readonly StackResource[];
  /** Other state machines; with manual approval one of them creates the endpoint. */
  readonly others?: readonly DefinitionJson[];
  /** @default - no monitor */
  readonly monitor?: MonitorUse;
}

/** The cost of one environment, in USD. */
export interface Estimate {
  readonly region: string;
  readonly runsPerMonth: number;
  readonly durations: Durations;
  /** Cost while idle, with the endpoint in service. */
  readonly idle: readonly CostRow[];
  /** Cost of each successful run. */
  readonly run: readonly CostRow[];
  /** Cost per month of the monitor, and of what it reads; none without a monitor, or if it never runs. */
  readonly monitor: readonly CostRow[];
  /** To the endpoint, as assumed for the monitor; zero without one. */
  readonly requestsPerMonth: number;
  /** Unit prices of usage that is not estimated. */
  readonly rates: readonly CostRow[];
  readonly idlePerDay: number;
  readonly idlePerMonth: number;
  readonly perRun: number;
  readonly monitorPerMonth: number;
  readonly perMonth: number;
  readonly approximate: boolean;
  /** What the sums exclude, and how to fix it. */
  readonly missing: readonly string[];
  /** Notes on the choice of endpoint. */
  readonly notes: readonly string[];
}

/** Prices a state machine and the other resources of its stack, whether deployed, planned or local. */
export function estimateCosts(definition: DefinitionJson, options: EstimateOptions): Estimate {
  const { region, runsPerMonth = defaultRunsPerMonth, resources = [], others = [], monitor } = options;
  const durations = { ...defaultDurations, ...options.durations };
  const sizes = [definition, ...others].map(definitionSizes);
  const { jobs, singleTrainings, functions } = sizes[0] as DefinitionSizes;
  const serving = sizes.find((one) => one.variants.length > 0) ?? (sizes[0] as DefinitionSizes);
  const { variants, update, scaling } = serving;
  const missing = new Set<string>();
  const row = (what: string, item: string | undefined, quantity: number, unit: Unit): CostRow => {
    const price = item === undefined ? undefined : priceOf(item, region);
    if (price === undefined) {
      missing.add(
        item === undefined
          ? `${what}: its size is decided at run time`
          : `the price of ${item} in ${region} is unknown: add a row to cli/costs/prices.ts`,
      );
    }
    return priced(what, quantity, unit, price);
  };

  const idle = [
    ...variants.map((variant) => variantRow(variant, row)),
    ...countedRows(
      resources.filter((one) => !monitor?.owns(one)),
      row,
    ),
  ];
  const transitions = transitionsPerRun(definition, {
    minutes: durations.deploymentMinutes,
    intervalSeconds: pollSeconds,
  });
  const run = [
    ...jobs.map((job) => jobRow(job, durations, row)),
    ...jobs.flatMap((job) => warmPoolRow(job, row)),
    row("state transitions", "Step Functions Standard", transitions, "state transition"),
    ...functionRows(functions.length, durations, resources, row),
    ...(update === undefined ? [] : variants.map((one) => updateRow(one, update, durations, row))),
  ];
  const captured = sizes.find((one) => one.capturedPercentage !== undefined)?.capturedPercentage;
  const watched = monitor ? monitorRows(monitor, { captured, durations, resources, pollSeconds }, row) : [];
  const idlePerMonth = sum(idle);
  const monitorPerMonth = sum(watched);
  const perRun = sum(run);
  return {
    region,
    runsPerMonth,
    durations,
    idle,
    run,
    monitor: watched,
    requestsPerMonth: monitor?.requestsPerMonth ?? 0,
    rates: rateRows(variants, region, missing),
    idlePerDay: (idlePerMonth * 24) / hoursPerMonth,
    idlePerMonth,
    perRun,
    monitorPerMonth,
    perMonth: idlePerMonth + perRun * runsPerMonth + monitorPerMonth,
    approximate: [...idle, ...run, ...watched].some(({ approximate }) => approximate),
    missing: [...missing],
    notes: [
      ...variants.flatMap((variant) => notesOn(variant, region, scaling)),
      ...jobs.filter(({ spot }) => spot).map((job) => spotNote(jobRow(job, durations, row))),
      ...singleTrainings.map((job) => singleTrainingNote(jobRow(job, durations, row).what)),
    ],
  };
}

function sum(rows: readonly CostRow[]): number {
  return rows.reduce((total, { usd = 0 }) => total + usd, 0);
}

function functionRows(
  calls: number,
  { functionSeconds }: Durations,
  resources: readonly StackResource[],
  row: MakeRow,
): CostRow[] {
  if (calls === 0) return [];
  // 128 MB is Lambda's default.
  const memory = resources
    .filter(({ type }) => type === "aws_lambda_function")
    .map(({ values }) => (typeof values.memory_size === "number" ? values.memory_size : 128));
  const sizeInGB = Math.max(...memory, 128) / 1024;
  return [
    row("function calls", "Lambda requests", calls, "request"),
    row("function time", "Lambda duration", calls * functionSeconds * sizeInGB, "GB-second"),
  ];
}

function rateRows(variants: readonly VariantSize[], region: string, missing: Set<string>): CostRow[] {
  const items = ["CloudWatch Logs, ingested", "S3 Standard storage", "S3 PUT, COPY, POST, LIST", "S3 GET"];
  const rates = items
    .map((item) => priceOf(item, region))
    .filter((price) => price !== undefined)
    .map((price) => priced(price.item, 1, price.unit, price));
  return [...variants.flatMap((variant) => servingRates(variant, region, missing)), ...rates];
}
