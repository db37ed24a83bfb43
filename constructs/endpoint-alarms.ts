import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { endpointAlarms } from "../workflow/guardrails";
import { stableEndpointName } from "../workflow/names";
import type { WorkflowSettings } from "../workflow/settings";

export interface EndpointAlarmsProps {
  readonly settings: WorkflowSettings;
}

/** The alarms that roll an update of the endpoint back. */
export class EndpointAlarms extends Construct {
  constructor(scope: Construct, id: string, { settings }: EndpointAlarmsProps) {
    super(scope, id);
    for (const { name, description, ...alarm } of endpointAlarms(settings)) {
      new CloudwatchMetricAlarm(this, alarm.metricName, {
        ...alarm,
        alarmName: name,
        alarmDescription: description,
        namespace: "AWS/SageMaker",
        dimensions: {
          EndpointName: stableEndpointName(settings),
          VariantName: settings.endpoint.variantName,
        },
        period: 60,
        comparisonOperator: "GreaterThanThreshold",
        // Without traffic there are no data, and nothing is wrong.
        treatMissingData: "notBreaching",
      });
    }
  }
}
