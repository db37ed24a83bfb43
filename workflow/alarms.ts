/** The alarms of one environment, as plain data. Each says what to do, and names a command. */

import type { StateMachineArns } from "./arns";
import { endpointAlarms, endpointDimensions } from "./guardrails";
import { baseName, releaseName } from "./names";
import type { WorkflowSettings } from "./settings";

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

export interface AlarmsProps {
  readonly stateMachineArns: StateMachineArns;
  /** Names of the functions that tell of executions. */
  readonly functionNames: readonly string[];
  /** Minutes without a request after which the endpoint counts as forgotten; without it, no alarm. */
  readonly noTrafficMinutes?: number;
}

/** Every alarm of an environment that tells somebody. */
export function workflowAlarms(settings: WorkflowSettings, props: AlarmsProps): readonly Alarm[] {
  const { workflow, release } = props.stateMachineArns;
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
      `Its message says why. See which version serves: npm run rollback -- ${environment}`,
    ),
    ...guardrailAlarms(settings),
    ...(props.noTrafficMinutes === undefined ? [] : [noTrafficAlarm(settings, props.noTrafficMinutes)]),
    ...props.functionNames.map((name) => functionAlarm(name, environment)),
  ];
}

/** The alarms that roll an update back; they watch the endpoint between updates, too. */
export function guardrailAlarms(settings: WorkflowSettings): readonly Alarm[] {
  return endpointAlarms(settings).map((alarm) => ({
    ...alarm,
    namespace: "AWS/SageMaker",
    dimensions: endpointDimensions(settings),
    period: 60,
    comparisonOperator: "GreaterThanThreshold",
    // Without traffic there are no data, and nothing is wrong.
    treatMissingData: "notBreaching",
  }));
}

/** Metrics of a state machine that count bad ends; each is a metric of its own. */
const badEnds = {
  ExecutionsFailed: "has failed",
  ExecutionsTimedOut: "ran into the time limit of its state machine",
  ExecutionsAborted: "was aborted, by a person or by another service",
} as const;

function executionAlarms(name: string, arn: string, what: string, action: string): Alarm[] {
  return Object.entries(badEnds).map(([metricName, happened]) => ({
    name: `${name}-${metricName.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase()}`,
    description: `${what} ${happened}. ${action}`,
    namespace: "AWS/States",
    metricName,
    dimensions: { StateMachineArn: arn },
    statistic: "Sum",
    period: 300,
    evaluationPeriods: 1,
    threshold: 1,
    comparisonOperator: "GreaterThanOrEqualToThreshold",
    // Where nothing runs there are no data, and nothing is wrong.
    treatMissingData: "notBreaching",
  }));
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

function functionAlarm(name: string, environment: string): Alarm {
  return {
    name: `${name}-errors`,
    description: `Messages may be missing: the function ${name} has failed; its log is /aws/lambda/${name}. See the executions: npm run status -- ${environment}`,
    namespace: "AWS/Lambda",
    metricName: "Errors",
    dimensions: { FunctionName: name },
    statistic: "Sum",
    period: 300,
    evaluationPeriods: 1,
    threshold: 1,
    comparisonOperator: "GreaterThanOrEqualToThreshold",
    treatMissingData: "notBreaching",
  };
}
