import { PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { endpointAlarms, endpointDimensions } from "../../workflow/guardrails";
import type { WorkflowSettings } from "../../workflow/settings";
import type { Aws } from "../account/clients";

/** Makes the alarms that roll an update back, as the constructs write them for Terraform. */
export async function createLocalAlarms(aws: Aws, settings: WorkflowSettings): Promise<void> {
  const dimensions = Object.entries(endpointDimensions(settings)).map(([Name, Value]) => ({ Name, Value }));
  for (const alarm of endpointAlarms(settings)) {
    await aws.cloudwatch().send(
      new PutMetricAlarmCommand({
        AlarmName: alarm.name,
        AlarmDescription: alarm.description,
        Namespace: "AWS/SageMaker",
        MetricName: alarm.metricName,
        Statistic: alarm.statistic,
        ExtendedStatistic: alarm.extendedStatistic,
        Threshold: alarm.threshold,
        EvaluationPeriods: alarm.evaluationPeriods,
        Period: 60,
        ComparisonOperator: "GreaterThanThreshold",
        TreatMissingData: "notBreaching",
        Dimensions: dimensions,
      }),
    );
  }
}
