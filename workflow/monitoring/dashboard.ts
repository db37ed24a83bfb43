/**
 * The CloudWatch dashboard of one environment, as plain data.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */

import type { StateMachineArns } from "../arns";
import type { JsonObject } from "../asl/jsonata";
import { baseName, stableEndpointName } from "../names";
import type { WorkflowSettings } from "../settings";
import { endpointDimensions } from "./endpoint-alarms";
import { type ExecutionMetric, executionMetric } from "./execution-metrics";
import { type monitorMetrics, monitorNamespace } from "./monitor";

export interface DashboardProps {
  readonly region: string;
  readonly stateMachineArns: StateMachineArns;
  /** Alarms to show with their states. */
  readonly alarmArns: readonly string[];
  /** Functions whose errors and throttles are drawn. */
  readonly functionNames: readonly string[];
  /** Whether executions are reported, which is what publishes the model's metrics. */
  readonly notifies: boolean;
}

/** One line of a graph: namespace, metric, dimensions, and its style. */
type Line = readonly [string, string, Readonly<Record<string, string>>, JsonObject?];

/** Columns of a dashboard. */
const width = 24;

/** The dashboard's widgets, from top to bottom. */
export function dashboardBody(settings: WorkflowSettings, props: DashboardProps) {
  const { region, alarmArns } = props;
  const { workflow, release, monitor } = props.stateMachineArns;
  const endpoint = endpointDimensions(settings);
  const serving = (metric: string, options?: JsonObject): Line => [
    "AWS/SageMaker",
    metric,
    endpoint,
    options,
  ];
  const instance = (metric: string): Line => ["/aws/sagemaker/Endpoints", metric, endpoint];
  const rows = [
    [text(commands(settings))],
    ...(alarmArns.length === 0 ? [] : [[alarms(alarmArns)]]),
    [
      graph(region, "Executions of the workflow", "Sum", 3600, outcomes(workflow)),
      graph(region, "Releases", "Sum", 3600, outcomes(release)),
      graph(region, "Duration (ms)", "Average", 3600, [
        ["AWS/States", "ExecutionTime", { StateMachineArn: workflow }, { label: "workflow" }],
        ["AWS/States", "ExecutionTime", { StateMachineArn: release }, { label: "release" }],
      ]),
    ],
    [
      graph(region, "Requests and errors", "Sum", 60, [
        serving("Invocations"),
        serving("InvocationModelErrors"),
        serving("Invocation4XXErrors"),
        serving("Invocation5XXErrors"),
      ]),
      graph(region, "Latency of the model (µs)", "p50", 60, [
        serving("ModelLatency", { label: "p50" }),
        serving("ModelLatency", { label: "p99", stat: "p99" }),
      ]),
      graph(region, "Load of the instances (%)", "Average", 60, [
        instance("CPUUtilization"),
        instance("MemoryUtilization"),
      ]),
    ],
    [...(props.notifies ? model(settings, region) : []), failures(region, props.functionNames)],
    ...(settings.monitor === undefined ? [] : monitored(settings, region, monitor)),
  ];
  return { name: baseName(settings), body: { widgets: placed(rows) } };
}

/** What is in service, and how the gate has judged. */
function model(settings: WorkflowSettings, region: string): Widget[] {
  const metric = (name: ExecutionMetric, label: string): Line => {
    const { namespace, metricName, dimensions } = executionMetric(settings, name);
    return [namespace, metricName, dimensions, { label }];
  };
  return [
    graph(region, "Version in service, since the last release", "Maximum", 3600, [
      metric("VersionInService", "version"),
    ]),
    graph(region, `${settings.gate.metric} at the gate, of released models`, "Average", 3600, [
      metric("GateMetric", settings.gate.metric),
    ]),
    graph(region, "Refusals of the gate in a row", "Maximum", 3600, [
      metric("GateRefusalsInARow", "refusals"),
    ]),
  ];
}

function failures(region: string, names: readonly string[]): Widget {
  return graph(
    region,
    "Errors and throttles of functions",
    "Sum",
    300,
    names.flatMap((FunctionName): Line[] =>
      ["Errors", "Throttles"].map((metric) => [
        "AWS/Lambda",
        metric,
        { FunctionName },
        { label: `${FunctionName} ${metric.toLowerCase()}` },
      ]),
    ),
  );
}

/** What the monitor has found, and how fresh its data is; an effect of 1 is that of the tolerance. */
function monitored(settings: WorkflowSettings, region: string, monitor: string): Widget[][] {
  const found = (...metrics: (typeof monitorMetrics)[number][]) =>
    metrics.map((metric): Line => [monitorNamespace, metric, { EndpointName: stableEndpointName(settings) }]);
  return [
    [
      graph(region, "Drifted features", "Maximum", 3600, found("DriftedFeatures", "SlowlyDriftingColumns")),
      graph(
        region,
        "Drift, in tolerances",
        "Maximum",
        3600,
        found("LargestFeatureEffect", "PredictionEffect"),
      ),
      graph(region, "Quality of labelled predictions", "Minimum", 3600, found("Quality")),
    ],
    [
      graph(region, "Runs of the monitor", "Sum", 3600, outcomes(monitor)),
      graph(region, "Captured requests of a window", "Maximum", 3600, found("Requests", "UnreadableRecords")),
      graph(region, "Labelled predictions of a window", "Maximum", 3600, found("LabelledPredictions")),
    ],
  ];
}

interface Widget {
  readonly type: "metric" | "text" | "alarm";
  readonly height: number;
  readonly properties: JsonObject;
}

/** Rows of widgets of equal width, one below the other. */
function placed(rows: readonly (readonly Widget[])[]) {
  let y = 0;
  return rows.flatMap((row) => {
    const top = y;
    y += Math.max(...row.map(({ height }) => height));
    const share = width / row.length;
    return row.map((widget, index) => ({ ...widget, x: index * share, y: top, width: share }));
  });
}

function outcomes(StateMachineArn: string): Line[] {
  return [
    ["ExecutionsStarted", "#7f7f7f"],
    ["ExecutionsSucceeded", "#2ca02c"],
    ["ExecutionsFailed", "#d62728"],
    ["ExecutionsTimedOut", "#ff7f0e"],
    ["ExecutionsAborted", "#9467bd"],
  ].map(([metric = "", color = ""]) => ["AWS/States", metric, { StateMachineArn }, { color }]);
}

function graph(region: string, title: string, stat: string, period: number, lines: readonly Line[]): Widget {
  const metrics = lines.map(([namespace, metric, dimensions, options]) => [
    namespace,
    metric,
    ...Object.entries(dimensions).flat(),
    ...(options === undefined ? [] : [options]),
  ]);
  return {
    type: "metric",
    height: 6,
    properties: { title, region, view: "timeSeries", stat, period, metrics },
  };
}

function alarms(arns: readonly string[]): Widget {
  return { type: "alarm", height: 3, properties: { title: "Alarms", alarms: [...arns] } };
}

function text(markdown: string): Widget {
  return { type: "text", height: 4, properties: { markdown } };
}

function commands(settings: WorkflowSettings): string {
  const { environment } = settings;
  return [
    `# ${baseName(settings)}`,
    "",
    "| to | type |",
    "| --- | --- |",
    `| see executions, endpoint and metrics | \`npm run status -- ${environment}\` |`,
    `| list the registered versions | \`npm run versions -- ${environment}\` |`,
    `| put an earlier version in service again | \`npm run rollback -- ${environment} 6\` |`,
    `| approve a version | \`npm run approve -- ${environment} 7\` |`,
    `| see what runs and what it costs | \`npm run leftovers -- ${environment}\` |`,
  ].join("\n");
}
