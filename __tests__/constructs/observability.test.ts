import { workflowProps } from "../../configuration";
import { inEnvironment } from "../../configuration/define";
import type { StateMachineDefinition } from "../../workflow/asl/states";
import { inDev, named, only, resources, synth } from "../synthesized";

const notifications = { emails: ["a@example.com"] };

describe("what observes the workflow", () => {
  it("tells of an endpoint that nobody asks, where it should be asked", () => {
    const { pipeline } = synth(inDev({ notifications, alarms: { noTrafficMinutes: 60 } }));
    const alarms = resources(pipeline, "aws_cloudwatch_metric_alarm");
    const name = "housing-dev-endpoint-no-traffic";
    expect(alarms.find(({ alarm_name }) => alarm_name === name)).toMatchObject({
      metric_name: "Invocations",
      period: 3600,
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      treat_missing_data: "breaching",
    });
  });

  it("has a dashboard unless it says otherwise, with the states of the alarms there are", () => {
    const body = ({ pipeline }: ReturnType<typeof synth>) =>
      String(only(pipeline, "aws_cloudwatch_dashboard").dashboard_body);
    expect(body(synth())).not.toContain('"type":"alarm"');
    expect(body(synth(inDev({ notifications })))).toContain('"type":"alarm"');
    const { pipeline } = synth(inDev({ dashboard: false }));
    expect(pipeline.resource?.aws_cloudwatch_dashboard).toBeUndefined();
  });

  it("moves updates in by a canary with alarms, where there are two instances or more", () => {
    const entry = inDev({ endpoint: { initialInstanceCount: 2 } });
    const { pipeline } = synth(entry, inEnvironment(workflowProps("dev"), entry));
    const alarms = resources(pipeline, "aws_cloudwatch_metric_alarm");
    const names = alarms.map(({ alarm_name }) => alarm_name);
    expect(names).toEqual(["housing-dev-endpoint-errors", "housing-dev-endpoint-latency"]);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        namespace: "AWS/SageMaker",
        treat_missing_data: "notBreaching",
        dimensions: { EndpointName: "housing-dev", VariantName: "primary" },
      });
    }
    for (const machine of ["housing-dev", "housing-dev-release"]) {
      const { definition } = named(pipeline, "aws_sfn_state_machine", machine) as { definition: string };
      const { States } = JSON.parse(definition) as StateMachineDefinition;
      expect(States.UpdateEndpoint).toMatchObject({
        Arguments: {
          DeploymentConfig: {
            AutoRollbackConfiguration: { Alarms: names.map((AlarmName) => ({ AlarmName })) },
          },
        },
      });
    }
  });

  it("replaces one instance all at once, without alarms", () => {
    const { pipeline } = synth();
    expect(resources(pipeline, "aws_cloudwatch_metric_alarm")).toEqual([]);
    expect(JSON.stringify(pipeline)).not.toContain("DeploymentConfig");
  });
});
