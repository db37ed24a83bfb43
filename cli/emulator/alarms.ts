import { PutMetricAlarmCommand, type PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Alarm } from "../../workflow/monitoring/alarm";
import { guardrailAlarms } from "../../workflow/monitoring/endpoint-alarms";
import type { WorkflowSettings } from "../../workflow/settings";
import type { Aws } from "../account/clients";

/** Creates the alarms that roll back an update, from the same plain data that the constructs use for Terraform. */
export async function createLocalAlarms(aws: Aws, settings: WorkflowSettings): Promise<void> {
  for (const alarm of guardrailAlarms(settings)) {
    await aws.cloudwatch().send(new PutMetricAlarmCommand(alarmRequest(alarm)));
  }
}

/** The request that creates an alarm. */
export function alarmRequest(alarm: Alarm): PutMetricAlarmCommandInput {
  return {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description,
    Namespace: alarm.namespace,
    MetricName: alarm.metricName,
    Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: alarm.statistic,
    ExtendedStatistic: alarm.extendedStatistic,
    Period: alarm.period,
    EvaluationPeriods: alarm.evaluationPeriods,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparisonOperator,
    TreatMissingData: alarm.treatMissingData,
  };
}
