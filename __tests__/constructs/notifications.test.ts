import { stateMachineArns } from "../../workflow/arns";
import { workflowAlarms } from "../../workflow/monitoring/alarms";
import { references, workflow } from "../fixtures";
import { inDev, named, only, resources, synth } from "../synthesized";

const notifications = { emails: ["a@example.com"] };

describe("notifications", () => {
  it("tells its addresses of executions and alarms, through an encrypted topic", () => {
    const { pipeline } = synth(inDev({ notifications: { emails: ["a@example.com", "b@example.com"] } }));
    const alarms = resources(pipeline, "aws_cloudwatch_metric_alarm");
    const described = workflowAlarms(workflow().settings, {
      stateMachineArns: stateMachineArns(workflow().settings, references),
      functionNames: ["housing-dev-notify"],
    });
    expect(alarms.map(({ alarm_name }) => alarm_name).sort()).toEqual(
      described.map(({ name }) => name).sort(),
    );
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        alarm_description: expect.stringMatching(/: npm run \w+ -- dev$/),
        alarm_actions: [expect.stringContaining("aws_sns_topic")],
      });
    }
    expect(resources(pipeline, "aws_sns_topic_subscription").map(({ endpoint }) => endpoint)).toEqual([
      "a@example.com",
      "b@example.com",
    ]);
    expect(only(pipeline, "aws_sns_topic")).toMatchObject({
      name: "housing-dev-notifications",
      kms_master_key_id: expect.stringContaining("aws_kms_key"),
    });
    expect(only(pipeline, "aws_kms_key")).toMatchObject({ enable_key_rotation: true });
    expect(only(pipeline, "aws_lambda_permission")).toMatchObject({
      principal: "events.amazonaws.com",
      source_arn: expect.stringContaining("aws_cloudwatch_event_rule"),
    });
    const { event_pattern } = named(pipeline, "aws_cloudwatch_event_rule", "housing-dev-ended");
    expect(JSON.parse(String(event_pattern)).detail.stateMachineArn).toEqual([
      expect.stringMatching(/:stateMachine:housing-dev$/),
      expect.stringMatching(/:stateMachine:housing-dev-release$/),
    ]);
  });

  it("posts to a chat, whose URL only a parameter knows", () => {
    const webhook = { format: "teams", parameter: "/housing/dev/webhook" };
    const { pipeline } = synth(inDev({ notifications: { webhook } }));
    const functions = resources(pipeline, "aws_lambda_function");
    expect(functions.find(({ function_name }) => function_name === "housing-dev-webhook")).toMatchObject({
      environment: { variables: { PARAMETER: "/housing/dev/webhook", FORMAT: "teams" } },
    });
    expect(only(pipeline, "aws_sns_topic_subscription")).toMatchObject({ protocol: "lambda" });
    const permissions = resources(pipeline, "aws_lambda_permission");
    expect(permissions.map(({ principal }) => principal)).toEqual([
      "events.amazonaws.com",
      "sns.amazonaws.com",
    ]);
    expect(pipeline.resource?.aws_ssm_parameter).toBeUndefined();
    const names = resources(pipeline, "aws_cloudwatch_metric_alarm").map(({ alarm_name }) => alarm_name);
    expect(names).toContain("housing-dev-webhook-errors");
  });

  it("encrypts the topic with the environment's key, where it has one", () => {
    const kmsKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/1";
    const { pipeline } = synth(inDev({ notifications, kmsKeyArn }));
    expect(only(pipeline, "aws_sns_topic")).toMatchObject({ kms_master_key_id: kmsKeyArn });
    expect(pipeline.resource?.aws_kms_key).toBeUndefined();
  });
});
