import { inDev, only, resources, synth } from "../synthesized";

describe("the schedule", () => {
  it("starts executions on its schedule, with a role that can do nothing else", () => {
    const { pipeline } = synth(
      inDev({ schedule: { expression: "cron(0 3 ? * MON *)", timeZone: "Europe/Zurich" } }),
    );
    expect(only(pipeline, "aws_scheduler_schedule")).toMatchObject({
      schedule_expression: "cron(0 3 ? * MON *)",
      schedule_expression_timezone: "Europe/Zurich",
      target: {
        input: "{}",
        arn: expect.stringContaining("aws_sfn_state_machine"),
        // A throttled start is tried again for an hour, as often as Scheduler does.
        retry_policy: { maximum_event_age_in_seconds: 3600, maximum_retry_attempts: 185 },
      },
    });
    const policies = resources(pipeline, "aws_iam_role_policy").map(({ policy }) => String(policy));
    expect(policies).toContainEqual(
      expect.stringMatching(
        /^[^}]*"Action":\["states:StartExecution"\],"Resource":\["\$\{aws_sfn_state_machine\.Workflow_StateMachine_\w+\.arn\}"\]/,
      ),
    );
  });
});
