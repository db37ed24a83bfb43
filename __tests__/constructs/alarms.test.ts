import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Testing } from "cdktf";
import { Alarms } from "../../constructs/alarms";
import { guardrailAlarms } from "../../workflow/monitoring/endpoint-alarms";
import { workflow } from "../fixtures";
import "./matchers";

const alarms = guardrailAlarms(workflow().settings);
const synth = (topicArn?: string) =>
  Testing.synthScope((scope) => new Alarms(scope, "Alarms", { alarms, topicArn }));

describe("Alarms", () => {
  it("are what the plain data says", () => {
    expect(synth()).toHaveResourceWithProperties(CloudwatchMetricAlarm, {
      alarm_name: "housing-dev-endpoint-latency",
      alarm_description: alarms[1]?.description,
      namespace: "AWS/SageMaker",
      metric_name: "ModelLatency",
      extended_statistic: "p99",
      threshold: 5_000_000,
      evaluation_periods: 2,
    });
  });

  it("notify a topic, where there is one", () => {
    const actions = (synthesized: string) =>
      Object.values(
        JSON.parse(synthesized).resource.aws_cloudwatch_metric_alarm as Record<string, object>,
      ).map((alarm) => (alarm as { alarm_actions?: string[] }).alarm_actions);
    expect(actions(synth("arn:topic"))).toEqual([["arn:topic"], ["arn:topic"]]);
    expect(actions(synth())).toEqual([undefined, undefined]);
  });
});
