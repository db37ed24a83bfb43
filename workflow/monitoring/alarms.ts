/** The alarms of one environment, as plain data. Each says what to do, and names a command. */

import type { StateMachineArns } from "../arns";
import { baseName, type EndpointScope, releaseName, stableEndpointName } from "../names";
import type { WorkflowSettings } from "../settings";

/** One CloudWatch alarm on one metric; names are those of its API. */
export interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic?: "Sum";
  readonly extendedStatistic?: "p99";
  /** Seconds. */
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly threshold: number;
  readonly comparisonOperator: "GreaterThanThreshold" | "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  readonly treatMissingData: "notBreaching" | "breaching";
}

/** What alarms watch beside the endpoint. */
interface Watched {
  readonly stateMachineArns: StateMachineArns;
  /** Names of the functions that send notifications. */
  readonly functionNames: readonly string[];
  /** Minutes without a request after which the endpoint counts as forgotten; without it, no alarm. */
  readonly noTrafficMinutes?: number;
}

/** Every alarm of an environment that notifies somebody. */
export function workflowAlarms(settings: WorkflowSettings, watched: Watched): readonly Alarm[] {
  const { workflow, release } = watched.stateMachineArns;
  const { environment } = settings;
  return [
    ...executionAlarms(
      baseName(settings),
      workflow,
      "An execution of the workflow",
      `See which: npm run status -- ${environment}`,
    ),
    ...executionAlarms(
      releaseName(settings),
      release,
      "A release",
      `Its message says why. See which version serves: npm run versions -- ${environment}`,
    ),
    ...guardrailAlarms(settings),
    ...(watched.noTrafficMinutes === undefined ? [] : [noTrafficAlarm(settings, watched.noTrafficMinutes)]),
    ...watched.functionNames.map((name) => functionAlarm(name, environment)),
  ];
}

/** What names an endpoint's metrics. */
type Watchable = EndpointScope & { readonly endpoint: { readonly variantName: string } };

/** The endpoint that alarms and dashboard watch: the one that executions use unless their input names another. */
export function endpointDimensions(settings: Watchable) {
  return { EndpointName: stableEndpointName(settings), VariantName: settings.endpoint.variantName } as const;
}

/** The alarms that roll an update back: model errors, and latency. They watch the endpoint between updates, too. */
export function guardrailAlarms(settings: Watchable): readonly Alarm[] {
  const base = `${baseName(settings)}-endpoint`;
  const remedy = `If the model is at fault, put the one before in service: npm run rollback -- ${settings.environment}`;
  const onEndpoint = {
    namespace: "AWS/SageMaker",
    dimensions: endpointDimensions(settings),
    period: 60,
    comparisonOperator: "GreaterThanThreshold",
    // Without traffic there are no data, and nothing is wrong.
    treatMissingData: "notBreaching",
  } as const;
  return [
    {
      ...onEndpoint,
      name: `${base}-errors`,
      description: `The model answers with errors; an update in progress is rolled back. Its log: /aws/sagemaker/Endpoints/${stableEndpointName(settings)}. ${remedy}`,
      metricName: "InvocationModelErrors",
      statistic: "Sum",
      threshold: 5,
      evaluationPeriods: 1,
    },
    {
      ...onEndpoint,
      name: `${base}-latency`,
      description: `The slowest hundredth of answers takes more than 5 s; an update in progress is rolled back. ${remedy}`,
      metricName: "ModelLatency",
      extendedStatistic: "p99",
      // Microseconds.
      threshold: 5_000_000,
      // The first few requests of new instances are slow.
      evaluationPeriods: 2,
    },
  ];
}

/** Metrics of a state machine that count bad ends; each is a metric of its own. */
const badEnds = {
  ExecutionsFailed: "has failed",
  ExecutionsTimedOut: "ran into the time limit of its state machine",
  ExecutionsAborted: "was aborted, by a person or by another service",
} as const;

/** Goes off at the first one. */
const anyInFiveMinutes = {
  statistic: "Sum",
  period: 300,
  evaluationPeriods: 1,
  threshold: 1,
  comparisonOperator: "GreaterThanOrEqualToThreshold",
  // Where nothing runs there are no data, and nothing is wrong.
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

function functionAlarm(name: string, environment: string): Alarm {
  return {
    ...anyInFiveMinutes,
    name: `${name}-errors`,
    description: `Messages may be missing: the function ${name} has failed; its log is /aws/lambda/${name}. See the executions: npm run status -- ${environment}`,
    namespace: "AWS/Lambda",
    metricName: "Errors",
    dimensions: { FunctionName: name },
  };
}

function noTrafficAlarm(settings: WorkflowSettings, minutes: number): Alarm {
  return {
    name: `${baseName(settings)}-endpoint-no-traffic`,
    description: `Nobody has asked the endpoint for ${minutes} minutes: look at its callers. See whether it is in service: npm run status -- ${settings.environment}`,
    namespace: "AWS/SageMaker",
    metricName: "Invocations",
    dimensions: endpointDimensions(settings),
    statistic: "Sum",
    period: minutes * 60,
    evaluationPeriods: 1,
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    // Without requests SageMaker publishes nothing at all.
    treatMissingData: "breaching",
  };
}
