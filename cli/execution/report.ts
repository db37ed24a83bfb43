import type { ExecutionReport } from "../../workflow/steps/report";
import { cacheText } from "../cache/text";
import { shortNumber, signedNumber } from "../terminal/number";
import { type JsonOptions, printResult } from "../terminal/print";
import type { ExecutionResult } from "./execution";
import type { ExecutionFailure } from "./failure";
import { type StateSummary, secondsBetween, summarize } from "./history";
import type { PreviousModel } from "./previous-model";

/** The report of a run, printed as text or as JSON. */
export interface RunReport {
  readonly status: string;
  readonly execution: { readonly name: string; readonly arn: string };
  /** Duration of the execution. */
  readonly seconds: number;
  readonly metrics?: Readonly<Record<string, number>>;
  /** What decided about the model. */
  readonly gate?: ExecutionReport["Gate"];
  /** The tuning job, and the hyperparameters that it found; absent if the execution did not tune. */
  readonly tuning?: { readonly job: string; readonly hyperparameters: Readonly<Record<string, string>> };
  /** Which steps used the result of an earlier job, and why the others ran. */
  readonly cache?: ExecutionReport["Cache"];
  /** The model that was in service before, or that the last run here trained. */
  readonly previous?: PreviousModel;
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
  /** Metrics of the configuration that the training job did not print. */
  readonly unseenMetrics?: readonly string[];
  readonly failure?: ExecutionFailure;
  readonly states: readonly StateSummary[];
}

/** The report of a successful execution, with what else was found: predictions, the model before, unseen metrics. */
export function successReport(
  result: ExecutionResult,
  found: Pick<RunReport, "predictions" | "previous" | "unseenMetrics"> = {},
): RunReport {
  const output = executionOutput(result);
  return {
    ...outline(result),
    metrics: output.Metrics,
    gate: output.Gate,
    tuning: tuningFound(output),
    cache: output.Cache,
    ...found,
    modelPackage: output.ModelPackageArn,
    endpoint: releasedEndpoint(output),
    artifacts: {
      model: output.ModelDataUrl,
      evaluation: output.EvaluationUrl,
      processedData: output.ProcessedDataUrl,
    },
    ignoredInput: output.IgnoredInput,
  };
}

function tuningFound({ Tuning = {} }: ExecutionReport): RunReport["tuning"] {
  const { JobName: job, HyperParameters: hyperparameters = {} } = Tuning;
  return job === undefined ? undefined : { job, hyperparameters };
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

/** Formats a report as text: what decides first, addresses last. */
export function reportText(report: RunReport): string {
  const { predictions, artifacts, cache = {}, ignoredInput = [], seconds } = report;
  const rows: string[][] = [
    ...gateRows(report),
    ...metricRows(report),
    ...tuningRows(report),
    ...releaseRows(report),
  ];
  if (predictions !== undefined) {
    rows.push(["predictions", predictionsText(predictions)]);
  }
  for (const [state, found] of Object.entries(cache)) rows.push(["cache", cacheText(state, found)]);
  for (const key of ignoredInput) rows.push(["ignored input", key]);
  rows.push(["execution", `${seconds.toFixed(1)} s`]);
  if (artifacts !== undefined) rows.push(["model", artifacts.model], ["evaluation", artifacts.evaluation]);
  return [...lines(rows), ...warnings(report)].join("\n");
}

/** Formats metrics as text, next to those of the model before. */
export function metricsText(metrics: RunReport["metrics"], previous: RunReport["previous"]): string {
  return lines(metricRows({ metrics, previous })).join("\n");
}

/** Formats predictions as text. */
export function predictionsText(predictions: readonly unknown[]): string {
  return predictions.map((p) => (typeof p === "number" ? shortNumber(p) : JSON.stringify(p))).join(", ");
}

function lines(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", ...cells]) => `  ${name.padEnd(width)}  ${cells.join("  ")}`.trimEnd());
}

function gateRows({ gate }: RunReport): string[][] {
  if (gate === undefined) return [];
  const sign = gate.Better === "smaller" ? "<" : ">";
  return [["gate", `${gate.Metric} ${shortNumber(gate.Value, gate.Threshold)} ${sign} ${gate.Threshold} ✔`]];
}

/** A row for each metric; next to the model before, with their difference. */
function metricRows({ metrics = {}, previous }: Pick<RunReport, "metrics" | "previous">): string[][] {
  const cell = (text: string) => text.padStart(10);
  const rows = Object.entries(metrics).map(([name, value]) => {
    const before = previous?.metrics[name];
    const compared =
      before === undefined ? [] : [cell(shortNumber(before)), cell(signedNumber(value - before))];
    return [
      name,
      ...(previous === undefined ? [shortNumber(value)] : [cell(shortNumber(value)), ...compared]),
    ];
  });
  return previous === undefined
    ? rows
    : [["", cell("now"), cell(previous.name), cell("difference")], ...rows];
}

function tuningRows({ tuning }: RunReport): string[][] {
  if (tuning === undefined) return [];
  const values = Object.entries(tuning.hyperparameters).map(([name, value]) => `${name} ${value}`);
  return [["tuning", tuning.job, `with ${values.join(", ")}`]];
}

function releaseRows({ modelPackage, endpoint }: RunReport): string[][] {
  const rows: string[][] = [];
  if (modelPackage !== undefined) {
    const waits = endpoint === undefined ? ", which waits for approval" : "";
    rows.push(["version", `${modelPackage.split("/").slice(-2).join("/")}${waits}`]);
  }
  if (endpoint !== undefined) {
    const superseded = endpoint.superseded ? " (another execution has updated it since)" : "";
    rows.push(["endpoint", endpoint.name + superseded]);
  }
  return rows;
}

function warnings(report: RunReport): string[] {
  return [...unseenWarning(report), ...worseWarning(report)];
}

function unseenWarning({ unseenMetrics = [] }: RunReport): string[] {
  const [first] = unseenMetrics;
  if (first === undefined) return [];
  return [
    `⚠ The training job never printed ${unseenMetrics.join(", ")}: print a line such as "${first}: 0.5" in the training script, or correct the metrics in config.ts`,
  ];
}

/** A warning if the model in service is worse than the one before, by the gate's own metric. */
function worseWarning({ gate, previous, endpoint }: RunReport): string[] {
  const before = gate && previous?.metrics[gate.Metric];
  if (gate === undefined || before === undefined || endpoint === undefined) return [];
  const isWorse = gate.Better === "smaller" ? gate.Value > before : gate.Value < before;
  if (!isWorse || previous?.version === undefined) return [];
  return [
    `⚠ The new model is worse: ${gate.Metric} ${shortNumber(gate.Value)}, after ${shortNumber(before)} of version ${previous.version}. To put that in service again: npm run rollback -- <environment> ${previous.version}; to refuse such models: comparison in config.ts (docs/model-registry.md)`,
  ];
}

export function printReport(report: RunReport, options: JsonOptions): void {
  printResult(report, () => reportText(report), options);
}
