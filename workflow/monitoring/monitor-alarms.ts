/** The alarms on the monitor itself, and on what it finds, as plain data. */

import { monitorName, stableEndpointName } from "../names";
import { firing } from "../schedules";
import type { WorkflowSettings } from "../settings";
import { type Alarm, anyInFiveMinutes, executionAlarms } from "./alarm";
import { monitorNamespace } from "./monitor";

/** @param schedule the expression of its schedule, if it has one */
export function monitorAlarms(
  settings: WorkflowSettings,
  arn: string,
  schedule: string | undefined,
): Alarm[] {
  const name = monitorName(settings);
  const look = `npm run status -- ${settings.environment}`;
  const found = {
    ...anyInFiveMinutes,
    namespace: monitorNamespace,
    dimensions: { EndpointName: stableEndpointName(settings) },
  } as const;
  return [
    ...executionAlarms(name, arn, "A run of the monitor", `Check which window, and judge it again: ${look}`),
    ...missingAlarm(name, arn, schedule, settings.environment),
    {
      ...found,
      name: `${name}-verdict`,
      description: `The monitor has found something in the captured traffic, such as drift, lost quality or silence (docs/monitoring.md). See what: ${look}`,
      metricName: "Alarm",
    },
    {
      ...found,
      name: `${name}-silence`,
      description: `Nothing was captured in the monitor's last window: check the callers, and whether the endpoint still captures its requests: ${look}`,
      statistic: "Minimum",
      metricName: "Requests",
      comparisonOperator: "LessThanThreshold",
    },
  ];
}

/** How much later than planned a run may begin, as a factor of the time between two runs. */
const lateness = 1.25;

const hourInSeconds = 3600;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const longestPeriod = 24 * hourInSeconds;
const longestWatched = 7 * longestPeriod;

/** None without a schedule, and for one whose runs are further apart than an alarm can look back. */
function missingAlarm(name: string, arn: string, schedule: string | undefined, environment: string): Alarm[] {
  const gap = schedule === undefined ? undefined : firing(schedule)?.longestGapInMinutes;
  if (gap === undefined) return [];
  const seconds = Math.ceil(gap * lateness) * 60;
  const [period, evaluationPeriods] =
    seconds <= longestPeriod ? [seconds, 1] : [hourInSeconds, Math.ceil(seconds / hourInSeconds)];
  if (period * evaluationPeriods > longestWatched) return [];
  return [
    {
      name: `${name}-missing`,
      description: `The monitor has not run for ${shown(seconds)}, although its schedule is ${schedule}: check the schedule ${name} in EventBridge Scheduler; until then run it yourself: npm run monitor -- ${environment}`,
      namespace: "AWS/States",
      metricName: "ExecutionsStarted",
      dimensions: { StateMachineArn: arn },
      statistic: "Sum",
      period,
      evaluationPeriods,
      threshold: 1,
      comparisonOperator: "LessThanThreshold",
      // Without a run there is no data: that is what it looks for.
      treatMissingData: "breaching",
    },
  ];
}

function shown(seconds: number): string {
  return seconds < 2 * hourInSeconds
    ? `${seconds / 60} minutes`
    : `${Math.round(seconds / hourInSeconds)} hours`;
}
