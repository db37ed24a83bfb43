/** The alarms of one environment, as plain data. Each description has a remedy and a command. */

import type { StateMachineArns } from "../arns";
import { baseName, type EndpointScope, monitorName, releaseName, stableEndpointName } from "../names";
import type { WorkflowSettings } from "../settings";
import { monitorNamespace } from "./monitor";

/** A CloudWatch alarm on one metric, with the names of its API. */
export interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic?: "Sum";
  readonly extendedStatistic?: "p99";
  /** In seconds. */
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly threshold: number;
  readonly comparisonOperator: "GreaterThanThreshold" | "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  readonly treatMissingData: "notBreaching" | "breaching";
}

/** What alarms watch in addition to the endpoint. */
interface Watched {
  readonly stateMachineArns: StateMachineArns;
  /** Names of the functions that send notifications. */
  readonly functionNames: readonly string[];
  /** Minutes without a request after which the alarm fires; without it, no alarm. */
  readonly noTrafficMinutes?: number;
}

/** All alarms of an environment with notifications. */
export function workflowAlarms(settings: WorkflowSettings, watched: Watched): readonly Alarm[] {
  const { workflow, release, monitor } = watched.stateMachineArns;
  const { environment } = settings;
  return [
    ...executionAlarms(
      baseName(settings),
      workflow,
      "An execution of the workflow",
      `Check which one: npm run status -- ${environment}`,
    ),
    ...executionAlarms(
      releaseName(settings),
      release,
      "A release",
      `Its message contains the reason. Check which version is in service: npm run versions -- ${environment}`,
    ),
    ...guardrailAlarms(settings),
    ...(settings.monitor === undefined ? [] : monitorAlarms(settings, monitor)),
    ...(watched.noTrafficMinutes === undefined ? [] : [noTrafficAlarm(settings, watched.noTrafficMinutes)]),
    ...watched.functionNames.map((name) => functionAlarm(name, environment)),
  ];
}

/** The settings that identify an endpoint's metrics. */
type Watchable = EndpointScope & { readonly endpoint: { readonly variantName: string } };

/** The endpoint that alarms and dashboard watch: the one that executions use unless their input names another. */
export function endpointDimensions(settings: Watchable) {
  return { EndpointName: stableEndpointName(settings), VariantName: settings.endpoint.variantName } as const;
}

/** The alarms that roll back an update: model errors, and latency. They also watch the endpoint between updates. */
export function guardrailAlarms(settings: Watchable): readonly Alarm[] {
  const base = `${baseName(settings)}-endpoint`;
  const remedy = `If the model is the cause, put the previous one in service: npm run rollback -- ${settings.environment}`;
  const onEndpoint = {
    namespace: "AWS/SageMaker",
    dimensions: endpointDimensions(settings),
    period: 60,
    comparisonOperator: "GreaterThanThreshold",
    // Without traffic there is no data, and nothing is wrong.
    treatMissingData: "notBreaching",
  } as const;
  return [
    {
      ...onEndpoint,
      name: `${base}-errors`,
      description: `The model returns errors; an update in progress is rolled back. Its log: /aws/sagemaker/Endpoints/${stableEndpointName(settings)}. ${remedy}`,
      metricName: "InvocationModelErrors",
      statistic: "Sum",
      threshold: 5,
      evaluationPeriods: 1,
    },
    {
      ...onEndpoint,
      name: `${base}-latency`,
      description: `p99 latency is above 5 s; an update in progress is rolled back. ${remedy}`,
      metricName: "ModelLatency",
      extendedStatistic: "p99",
      // In microseconds.
      threshold: 5_000_000,
      // The first few requests of new instances are slow.
      evaluationPeriods: 2,
    },
  ];
}

/** A state machine's metrics of executions that did not succeed. */
const badEnds = {
  ExecutionsFailed: "has failed",
  ExecutionsTimedOut: "reached the time limit of its state machine",
  ExecutionsAborted: "was aborted, by a user or by another service",
} as const;

/** Fires at the first one. */
const anyInFiveMinutes = {
  statistic: "Sum",
  period: 300,
  evaluationPeriods: 1,
  threshold: 1,
  comparisonOperator: "GreaterThanOrEqualToThreshold",
  // Without executions there is no data, and nothing is wrong.
  treatMissingData: "notBreaching",
} as const;

function executionAlarms(name: string, arn: string, what: string, action: string): Alarm[] {
  return Object.entries(badEnds).map(([metricName, happened]) => ({
    ...anyInFiveMinutes,
    name: `${name}-${metricName.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase()}`,
    description: `${what} ${happened}. ${action}`,
    namespace: "AWS/States",
    metricName,
    dimensions: { StateMachineArn: arn },
  }));
}

/** The alarms on the monitor itself, and on what it finds. */
function monitorAlarms(settings: WorkflowSettings, arn: string): Alarm[] {
  const look = `npm run status -- ${settings.environment}`;
  return [
    ...executionAlarms(monitorName(settings), arn, "A run of the monitor", `Check which window: ${look}`),
    {
      ...anyInFiveMinutes,
      name: `${monitorName(settings)}-verdict`,
      description: `The monitor has found something in the captured traffic, such as drift or silence (docs/monitoring.md). See what: ${look}`,
      namespace: monitorNamespace,
      metricName: "Alarm",
      dimensions: { EndpointName: stableEndpointName(settings) },
    },
  ];
}

function functionAlarm(name: string, environment: string): Alarm {
  return {
    ...anyInFiveMinutes,
    name: `${name}-errors`,
    description: `Notifications may be missing: the function ${name} has failed; its log is /aws/lambda/${name}. Check the executions: npm run status -- ${environment}`,
    namespace: "AWS/Lambda",
    metricName: "Errors",
    dimensions: { FunctionName: name },
  };
}

function noTrafficAlarm(settings: WorkflowSettings, minutes: number): Alarm {
  return {
    name: `${baseName(settings)}-endpoint-no-traffic`,
    description: `No requests for ${minutes} minutes: check the callers, and whether the endpoint is in service: npm run status -- ${settings.environment}`,
    namespace: "AWS/SageMaker",
    metricName: "Invocations",
    dimensions: endpointDimensions(settings),
    statistic: "Sum",
    period: minutes * 60,
    evaluationPeriods: 1,
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    // Without requests SageMaker publishes no data.
    treatMissingData: "breaching",
  };
}
