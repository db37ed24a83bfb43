/** The one list of alarms of an environment, as plain data. Each description has a remedy and a command. */

import type { StateMachineArns } from "../arns";
import { workflowFunctionNames } from "../functions";
import { baseName, releaseName, retrainName } from "../names";
import type { WorkflowSettings } from "../settings";
import { type Alarm, anyInFiveMinutes, executionAlarms } from "./alarm";
import { guardrailAlarms, noTrafficAlarm, servingAlarms } from "./endpoint-alarms";
import { executionMetric } from "./execution-metrics";
import { monitorAlarms } from "./monitor-alarms";

/** What an environment says about its alarms. */
export interface AlarmOptions {
  /**
   * Minutes without a request to the endpoint after which an alarm fires.
   *
   * @default - an endpoint may be without traffic
   */
  readonly noTrafficMinutes?: number;
  /**
   * Minutes that an execution of the workflow may take.
   *
   * @default - half of the time limit of its state machine
   */
  readonly slowExecutionMinutes?: number;
}

/** What alarms watch in addition to the endpoint. */
interface Watched extends AlarmOptions {
  readonly stateMachineArns: StateMachineArns;
  /** Names of the functions that send notifications. */
  readonly functionNames: readonly string[];
  /** Whether there are the resources of A/B tests. */
  readonly experiments?: boolean;
  /** The expression of the monitor's schedule, if it has one. */
  readonly monitorSchedule?: string;
}

/** All alarms of an environment with notifications. */
export function workflowAlarms(settings: WorkflowSettings, watched: Watched): readonly Alarm[] {
  const { workflow, release, monitor, retrain } = watched.stateMachineArns;
  const { environment } = settings;
  const slowMinutes = watched.slowExecutionMinutes ?? Math.ceil(settings.timeoutSeconds / 60 / 2);
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
    ...pipelineAlarms(settings, workflow, slowMinutes),
    ...guardrailAlarms(settings),
    ...servingAlarms(settings),
    ...(watched.noTrafficMinutes === undefined ? [] : [noTrafficAlarm(settings, watched.noTrafficMinutes)]),
    ...(settings.monitor === undefined ? [] : monitorAlarms(settings, monitor, watched.monitorSchedule)),
    ...(settings.retraining === undefined
      ? []
      : executionAlarms(
          retrainName(settings),
          retrain,
          "A decision on a retraining",
          `Nobody may have been told, and nothing started: see why, then ask again: npm run status -- ${environment}`,
        )),
    ...watched.functionNames.flatMap((name) =>
      functionAlarms(name, "Notifications may be missing", environment),
    ),
    ...workflowFunctionNames(settings, watched).flatMap((name) =>
      functionAlarms(name, "A step may have failed or been repeated", environment),
    ),
  ];
}

/** The gate's refusals in a row that are an alarm. */
const refusalsInARow = 3;

/** What the whole of an execution tells: that it takes long, and that the gate refuses again and again. */
function pipelineAlarms(settings: WorkflowSettings, arn: string, slowMinutes: number): Alarm[] {
  const { environment } = settings;
  return [
    {
      ...anyInFiveMinutes,
      name: `${baseName(settings)}-executions-slow`,
      description: `An execution took longer than ${slowMinutes} minutes, which is more than usual: more data, a longer search, or no free capacity. See its states: npm run status -- ${environment}`,
      namespace: "AWS/States",
      metricName: "ExecutionTime",
      dimensions: { StateMachineArn: arn },
      statistic: "Maximum",
      // In milliseconds.
      threshold: slowMinutes * 60_000,
      comparisonOperator: "GreaterThanThreshold",
    },
    {
      ...anyInFiveMinutes,
      name: `${baseName(settings)}-gate-refusals`,
      description: `The gate has refused ${refusalsInARow} models in a row, so that the one in service gets old: look at the data, the training and gate.threshold in config.ts. See the reasons: npm run status -- ${environment}`,
      ...executionMetric(settings, "GateRefusalsInARow"),
      statistic: "Maximum",
      threshold: refusalsInARow,
      // Only the next decision of the gate ends it.
      treatMissingData: "ignore",
    },
  ];
}

/** Fires when a function fails, and when calls of it are refused. */
function functionAlarms(name: string, consequence: string, environment: string): Alarm[] {
  const onFunction = {
    ...anyInFiveMinutes,
    namespace: "AWS/Lambda",
    dimensions: { FunctionName: name },
  } as const;
  const check = `Check the executions: npm run status -- ${environment}`;
  return [
    {
      ...onFunction,
      name: `${name}-errors`,
      description: `${consequence}: the function ${name} has failed; its log is /aws/lambda/${name}. ${check}`,
      metricName: "Errors",
    },
    {
      ...onFunction,
      name: `${name}-throttles`,
      description: `${consequence}: calls of the function ${name} were refused, because the account's or the function's concurrent executions were used up; ask AWS for more of them. ${check}`,
      metricName: "Throttles",
    },
  ];
}
