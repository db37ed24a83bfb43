import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import { shortNumber } from "../terminal/number";

/** Formats what a run of the monitor has found. */
export function monitorText(report: MonitorReport, page: string): string {
  const { Verdict, Reasons, Features, WindowStart, WindowEnd, Rows, Metrics } = report;
  const rows: [string, string][] = [
    ["verdict", Verdict],
    ["window", `${minute(WindowStart)} to ${minute(WindowEnd)} UTC, ${Rows.toLocaleString("en")} rows`],
    ...(Features.length === 0 ? [] : ([["drifted", Features.join(", ")]] as [string, string][])),
    ...Reasons.map((reason, index): [string, string] => [index === 0 ? "reasons" : "", reason]),
    ...Object.entries(Metrics).map(([name, value], index): [string, string] => [
      index === 0 ? "metrics" : "",
      `${name} ${shortNumber(value)}`,
    ]),
    ["report", page],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(10)}${value}`).join("\n");
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}
