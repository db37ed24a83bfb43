import type { DefinitionJson } from "../terraform/definition-json";
import { type DefinitionSizes, definitionSizes, type JobSize } from "./definition-sizes";
import { type Durations, defaultDurations } from "./durations";
import { hoursPerMonth, type VariantSize } from "./endpoint-cost";
import { notesOn, servingRates, updateRow, variantRow } from "./endpoint-rows";
import { instanceItem, priceOf, type Unit } from "./prices";
import { type CostRow, type MakeRow, priced, usd } from "./rows";
import { transitionsPerRun } from "./transitions";

const defaultRunsPerMonth = 4;

/** The wait between two checks of an endpoint, if an expression decides it at run time. */
const pollSeconds = 30;

/** A planned or deployed resource of a stack, with Terraform's type and values. */
export interface StackResource {
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

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
  /** Unit prices of usage that is not estimated. */
  readonly rates: readonly CostRow[];
  readonly idlePerDay: number;
  readonly idlePerMonth: number;
  readonly perRun: number;
  readonly perMonth: number;
  readonly approximate: boolean;
  /** What the sums exclude, and how to fix it. */
  readonly missing: readonly string[];
  /** Notes on the choice of endpoint. */
  readonly notes: readonly string[];
}

/** Prices a state machine and the other resources of its stack, whether deployed, planned or local. */
export function estimateCosts(definition: DefinitionJson, options: EstimateOptions): Estimate {
  const { region, runsPerMonth = defaultRunsPerMonth, resources = [], others = [] } = options;
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

  const idle = [...variants.map((variant) => variantRow(variant, row)), ...countedRows(resources, row)];
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
  const idlePerMonth = sum(idle);
  const perRun = sum(run);
  return {
    region,
    runsPerMonth,
    durations,
    idle,
    run,
    rates: rateRows(variants, region, missing),
    idlePerDay: (idlePerMonth * 24) / hoursPerMonth,
    idlePerMonth,
    perRun,
    perMonth: idlePerMonth + perRun * runsPerMonth,
    approximate: [...idle, ...run].some(({ approximate }) => approximate),
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

/** Rows for resources that are billed per unit. */
function countedRows(resources: readonly StackResource[], row: MakeRow): CostRow[] {
  const keys = resources.filter(({ type }) => type === "aws_kms_key").length;
  const dashboards = resources.filter(({ type }) => type === "aws_cloudwatch_dashboard").length;
  const metrics = resources
    .filter(({ type }) => type === "aws_cloudwatch_metric_alarm")
    .reduce((total, { values }) => total + alarmMetrics(values), 0);
  return [
    ...(keys > 0 ? [row(`${keys} × KMS key`, "KMS key", keys, "month")] : []),
    ...(metrics > 0 ? [row(`${metrics} × alarm`, "CloudWatch alarm", metrics, "month")] : []),
    ...(dashboards > 0
      ? [row(`${dashboards} × dashboard`, "CloudWatch dashboard", dashboards, "month")]
      : []),
  ];
}

/** An alarm on an expression is billed per metric in it. */
function alarmMetrics({ metric_query: queries }: StackResource["values"]): number {
  const used = Array.isArray(queries) ? queries.filter(({ metric }) => metric?.length !== 0 && metric) : [];
  return Math.max(used.length, 1);
}

function jobRow(job: JobSize, durations: Durations, row: MakeRow): CostRow {
  const { state, use, instanceType, instanceCount, jobs } = job;
  const minutes = durations[`${use}Minutes`];
  const times = jobs > 1 ? `${jobs} jobs × ` : "";
  return row(
    `${state}, ${times}${instanceCount} × ${instanceType ?? "instance"} × ${minutes} min`,
    instanceType === undefined ? undefined : instanceItem(use, instanceType),
    (jobs * instanceCount * minutes) / 60,
    "hour",
  );
}

/** A warm pool is billed as the job is, until the next job of the same kind takes it, or its time is over. */
function warmPoolRow({ state, use, instanceType, instanceCount, keepAliveSeconds }: JobSize, row: MakeRow) {
  if (keepAliveSeconds === undefined) return [];
  const minutes = Math.round(keepAliveSeconds / 6) / 10;
  return [
    row(
      `${state}, warm pool, ${instanceCount} × ${instanceType ?? "instance"} × up to ${minutes} min`,
      instanceType === undefined ? undefined : instanceItem(use, instanceType),
      (instanceCount * keepAliveSeconds) / 3600,
      "hour",
    ),
  ];
}

/** The discount of spot instances changes all the time, and the pages of AWS give a bound only. */
function spotNote({ what, usd: onDemand, approximate }: CostRow): string {
  const range =
    onDemand === undefined
      ? ""
      : `: ${usd(onDemand * (1 - largestSpotDiscount), approximate)} to ${usd(onDemand, approximate)} a run`;
  return `${what} runs on spot instances and is in the sums at the price on demand. AWS names savings of up to ${100 * largestSpotDiscount} %${range}; what a job repeats after an interruption comes in addition. (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html)`;
}

const largestSpotDiscount = 0.9;

function singleTrainingNote(what: string): string {
  return `The sums have the largest number of training jobs. With "Tuning": false in its input, a run has ${what} instead.`;
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
