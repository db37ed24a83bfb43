import type { ExecutionReport } from "../../workflow/steps/report";
import { type JsonOptions, printResult } from "../terminal/print";
import type { ExecutionResult } from "./execution";
import type { ExecutionFailure } from "./failure";
import { type StateSummary, secondsBetween, summarize } from "./history";

/** The report of a run, printed as text or as JSON. */
export interface RunReport {
  readonly status: string;
  readonly execution: { readonly name: string; readonly arn: string };
  /** Duration of the execution. */
  readonly seconds: number;
  readonly metrics?: Readonly<Record<string, number>>;
  /** The registered version. */
  readonly modelPackage?: string;
  /** Absent while the version waits for approval. */
  readonly endpoint?: { readonly name: string; readonly config: string; readonly superseded: boolean };
  readonly predictions?: readonly unknown[];
  readonly artifacts?: {
    readonly model: string;
    readonly evaluation: string;
    readonly processedData: string;
  };
  /** Keys of the input that had no effect. */
  readonly ignoredInput?: readonly string[];
  readonly failure?: ExecutionFailure;
  readonly states: readonly StateSummary[];
}

/** The report of a successful execution and its endpoint's predictions. */
export function successReport(result: ExecutionResult, predictions?: readonly unknown[]): RunReport {
  const output = executionOutput(result);
  return {
    ...outline(result),
    metrics: output.Metrics,
    modelPackage: output.ModelPackageArn,
    endpoint: releasedEndpoint(output),
    predictions,
    artifacts: {
      model: output.ModelDataUrl,
      evaluation: output.EvaluationUrl,
      processedData: output.ProcessedDataUrl,
    },
    ignoredInput: output.IgnoredInput,
  };
}

function releasedEndpoint({ EndpointName, EndpointConfigName = "", Superseded = false }: ExecutionReport) {
  if (EndpointName === undefined) return undefined;
  return { name: EndpointName, config: EndpointConfigName, superseded: Superseded };
}

/** The report of an execution that did not succeed. */
export function failureReport(result: ExecutionResult, failure: ExecutionFailure): RunReport {
  return { ...outline(result), metrics: failure.metrics, failure };
}

/** The report of an execution whose outcome is unknown. */
export function unknownReport(executionArn: string): RunReport {
  const name = executionArn.split(":").at(-1) ?? "";
  return { status: "UNKNOWN", execution: { name, arn: executionArn }, seconds: 0, states: [] };
}

/** The output of a successful execution. */
export function executionOutput({ description }: ExecutionResult): ExecutionReport {
  return JSON.parse(description.output ?? "{}") as ExecutionReport;
}

function outline({ description, visits }: ExecutionResult) {
  const { status = "", name = "", executionArn: arn = "", startDate = new Date(0), stopDate } = description;
  return {
    status,
    execution: { name, arn },
    seconds: secondsBetween(startDate, stopDate),
    states: summarize(visits),
  };
}

/** Formats a report as text. */
function reportText({
  metrics,
  modelPackage,
  endpoint,
  predictions,
  artifacts,
  ignoredInput = [],
  seconds,
}: RunReport): string {
  const rows: [string, string][] = Object.entries(metrics ?? {}).map(([name, value]) => [
    name,
    String(round(value)),
  ]);
  if (modelPackage !== undefined) {
    const waits = endpoint === undefined ? ", which waits for approval" : "";
    rows.push(["version", `${modelPackage.split("/").slice(-2).join("/")}${waits}`]);
  }
  if (endpoint !== undefined) {
    rows.push([
      "endpoint",
      endpoint.name + (endpoint.superseded ? " (another execution has updated it since)" : ""),
    ]);
  }
  if (predictions !== undefined) {
    rows.push([
      "predictions",
      predictions.map((p) => (typeof p === "number" ? round(p) : JSON.stringify(p))).join(", "),
    ]);
  }
  if (artifacts !== undefined) rows.push(["model", artifacts.model], ["evaluation", artifacts.evaluation]);
  for (const key of ignoredInput) rows.push(["ignored input", key]);
  rows.push(["execution", `${seconds.toFixed(1)} s`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

export function printReport(report: RunReport, options: JsonOptions): void {
  printResult(report, () => reportText(report), options);
}
