/** The cost per month of the monitor, and of the captured requests that it reads. */

import { captureRuleId } from "../../workflow/bucket";
import { monitorMetrics } from "../../workflow/monitoring/monitor";
import type { DefinitionJson } from "../terraform/definition-json";
import { definitionSizes } from "./definition-sizes";
import type { Durations } from "./durations";
import { hoursPerMonth } from "./endpoint-cost";
import { jobRow } from "./job-rows";
import { alarmRows } from "./resource-rows";
import type { CostRow, MakeRow, StackResource } from "./rows";
import { transitionsPerRun } from "./transitions";

/** A monitor, and how much it does. */
export interface MonitorUse {
  readonly definition: DefinitionJson;
  /** Zero without a schedule. */
  readonly runsPerMonth: number;
  readonly windowInHours: number;
  /** Requests to the endpoint, captured or not. */
  readonly requestsPerMonth: number;
  /** Whether a resource is there for the monitor only. */
  readonly owns: (resource: StackResource) => boolean;
}

interface Beside {
  /** The share of requests that is captured, in percent. */
  readonly captured?: number;
  readonly durations: Durations;
  readonly resources: readonly StackResource[];
  readonly pollSeconds: number;
}

/** Of a request with one row of the housing data: docs/data-capture.md. */
const bytesPerRequest = 500;

const bytesPerGB = 1e9;
const minutesPerMonth = hoursPerMonth * 60;
/** Without the lifecycle rule in the stack. */
const retentionInDays = 90;

/** Rows for what the monitor does in a month, whatever the workflow itself does. */
export function monitorRows(monitor: MonitorUse, beside: Beside, row: MakeRow): CostRow[] {
  const { definition, runsPerMonth: runs } = monitor;
  const { durations, resources, pollSeconds, captured = 100 } = beside;
  const requests = (monitor.requestsPerMonth * captured) / 100;
  // AWS does not say how often it writes a file; the emulator does once a minute.
  const files = Math.min(requests, minutesPerMonth);
  const stored = (requests * bytesPerRequest * (retention(resources) * 24)) / hoursPerMonth / bytesPerGB;
  const readTimes = (runs * monitor.windowInHours) / hoursPerMonth;
  const transitions = transitionsPerRun(definition, {
    minutes: durations.processingMinutes,
    intervalSeconds: pollSeconds,
  });
  const used = [
    ...definitionSizes(definition).jobs.map((job) => ofRuns(jobRow(job, durations, row), runs)),
    row("state transitions", "Step Functions Standard", Math.round(transitions * runs), "state transition"),
    // Billed for the hours that have a value.
    row(
      `${monitorMetrics.length} × custom metric`,
      "CloudWatch custom metric",
      (monitorMetrics.length * Math.min(runs, hoursPerMonth)) / hoursPerMonth,
      "month",
    ),
    row("captured files, read", "S3 GET", Math.round(files * readTimes), "request"),
  ];
  return [
    ...(runs > 0 ? used : []),
    row("captured files, written", "S3 PUT, COPY, POST, LIST", Math.round(files), "request"),
    row("captured files, stored", "S3 Standard storage", stored, "GB-month"),
    ...alarmRows(resources.filter(monitor.owns), row),
  ];
}

function ofRuns({ what, usd, ...row }: CostRow, runs: number): CostRow {
  return {
    ...row,
    what: `${shown(runs)} × ${what}`,
    quantity: row.quantity * runs,
    usd: usd === undefined ? undefined : usd * runs,
  };
}

/** A number of runs, which is an average of a year. */
export function shown(runs: number): string {
  return String(Math.round(runs * 10) / 10);
}

/** How many days the bucket keeps captured requests. */
function retention(resources: readonly StackResource[]): number {
  const rules = resources
    .filter(({ type }) => type === "aws_s3_bucket_lifecycle_configuration")
    .flatMap(({ values: { rule } }) => (Array.isArray(rule) ? rule : []));
  const days = rules.find(({ id }) => id === captureRuleId)?.expiration?.[0]?.days;
  return typeof days === "number" ? days : retentionInDays;
}
