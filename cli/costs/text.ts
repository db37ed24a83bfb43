import type { Estimate } from "./formulas";
import { type CostRow, usd } from "./rows";

/** Formats the sum of rows; if a price is unknown, the sum is a lower bound. */
export function sum(amount: number, rows: readonly CostRow[]): string {
  const known = usd(
    amount,
    rows.some(({ approximate }) => approximate),
  );
  return rows.every(({ usd }) => usd !== undefined) ? known : `unknown, at least ${known}`;
}

/** Formats an estimate as text. */
export function estimateText(estimate: Estimate): string {
  const { region, durations, runsPerMonth, idle, run, monitor, rates, missing, notes, approximate } =
    estimate;
  const all = [...idle, ...run, ...monitor];
  const sums: [string, string][] = [
    ["idle, a day", sum(estimate.idlePerDay, idle) + without(idle)],
    ["idle, a month", sum(estimate.idlePerMonth, idle) + without(idle)],
    ...(monitor.length === 0
      ? []
      : [
          ["the monitor, a month", sum(estimate.monitorPerMonth, monitor) + without(monitor)] as [
            string,
            string,
          ],
        ]),
    ["a run", sum(estimate.perRun, run) + without(run)],
    [`a month with ${runsPerMonth} runs`, sum(estimate.perMonth, all) + without(all)],
  ];
  const blocks = [
    `Estimate for ${region}, in USD, on demand, without free tiers and taxes.`,
    table(
      "Per month, with the endpoint in service",
      idle.map((row) => [row.what, amount(row)]),
    ),
    table(
      "Per successful run",
      run.map((row) => [row.what, amount(row)]),
    ),
    table(
      "Per month, the monitor and what is captured for it",
      monitor.map((row) => [row.what, amount(row)]),
    ),
    table("Sums", sums),
    table(
      "By usage, not in the sums",
      rates.map((row) => [row.what, `${usd(row.unitPrice ?? 0, row.approximate)} per ${row.unit}`]),
    ),
    missing.map((line) => `! ${line}`).join("\n"),
    notes.join("\n"),
    `Assumed: processing ${durations.processingMinutes} min, training ${durations.trainingMinutes} min, deployment ${durations.deploymentMinutes} min, a function ${durations.functionSeconds} s${captured(estimate)}. Not counted: volumes of jobs, data transfer, key requests, data that a serverless endpoint reads and writes, batch scoring, and the old instances during an update without a canary.`,
    approximate ? "≈ a price that was not read on a page of AWS; cli/costs/prices.ts names its source." : "",
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

function captured({ monitor, requestsPerMonth }: Estimate): string {
  return monitor.length === 0
    ? ""
    : `, ${requestsPerMonth.toLocaleString("en")} requests a month with one row, captured in at most a file a minute`;
}

/** Lists the rows that a sum excludes. */
function without(rows: readonly CostRow[]): string {
  const names = rows.filter(({ usd }) => usd === undefined).map(({ what }) => what);
  return names.length === 0 ? "" : `, without ${names.join("; ")}`;
}

function amount({ usd: value, quantity, unit, approximate }: CostRow): string {
  if (value === undefined) return "unknown price";
  return unit === "state transition" ? `${usd(value, approximate)} (${quantity})` : usd(value, approximate);
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const width = Math.max(...rows.map(([name]) => name.length));
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join("\n");
}
