/** What an alarm is, and those that every state machine has. */

/** A CloudWatch alarm on one metric, with the names of its API. */
export interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic?: "Sum" | "Average" | "Maximum" | "Minimum";
  readonly extendedStatistic?: "p99";
  /** In seconds. */
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly threshold: number;
  readonly comparisonOperator: "GreaterThanThreshold" | "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  readonly treatMissingData: "notBreaching" | "breaching" | "ignore";
}

/** A state machine's metrics of executions that did not succeed. */
const badEnds = {
  ExecutionsFailed: "has failed",
  ExecutionsTimedOut: "reached the time limit of its state machine",
  ExecutionsAborted: "was aborted, by a user or by another service",
} as const;

/** Fires at the first one. */
export const anyInFiveMinutes = {
  statistic: "Sum",
  period: 300,
  evaluationPeriods: 1,
  threshold: 1,
  comparisonOperator: "GreaterThanOrEqualToThreshold",
  // Without executions there is no data, and nothing is wrong.
  treatMissingData: "notBreaching",
} as const;

/** The alarms on executions of a state machine that did not succeed. */
export function executionAlarms(name: string, arn: string, what: string, action: string): Alarm[] {
  return Object.entries(badEnds).map(([metricName, happened]) => ({
    ...anyInFiveMinutes,
    name: `${name}-${metricName.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase()}`,
    description: `${what} ${happened}. ${action}`,
    namespace: "AWS/States",
    metricName,
    dimensions: { StateMachineArn: arn },
  }));
}
