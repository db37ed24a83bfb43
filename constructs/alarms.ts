import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { Alarm } from "../workflow/monitoring/alarms";

export interface AlarmsProps {
  readonly alarms: readonly Alarm[];
  /**
   * Topic that hears when an alarm goes off.
   *
   * @default - nobody hears; SageMaker looks at the alarms itself to roll an update back
   */
  readonly topicArn?: string;
}

/** Alarms on metrics of the workflow. */
export class Alarms extends Construct {
  readonly arns: readonly string[];

  constructor(scope: Construct, id: string, { alarms, topicArn }: AlarmsProps) {
    super(scope, id);
    this.arns = alarms.map(({ name, description, ...alarm }) => {
      const resource = new CloudwatchMetricAlarm(this, name, {
        ...alarm,
        alarmName: name,
        alarmDescription: description,
        alarmActions: topicArn === undefined ? undefined : [topicArn],
      });
      return resource.arn;
    });
  }
}
