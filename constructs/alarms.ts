import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import type { Alarm } from "../workflow/monitoring/alarm";

export interface AlarmsProps {
  readonly alarms: readonly Alarm[];
  /**
   * Topic that is notified when an alarm fires.
   *
   * @default - no notifications; SageMaker itself checks the alarms to roll back an update
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
