import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import { Construct } from "constructs";
import type { NameScope } from "../workflow/names";
import { scheduleRole } from "../workflow/roles";
import { ExecutionRole } from "./execution-role";
import type { Deployment } from "./role-and-log";

export interface ScheduleExpression {
  /** In the syntax of EventBridge Scheduler: `rate(7 days)` or `cron(0 3 ? * MON *)`. */
  readonly expression: string;
  /** Name of a time zone, such as Europe/Zurich. */
  readonly timeZone: string;
}

export interface WorkflowScheduleProps {
  readonly nameScope: NameScope;
  readonly name: string;
  readonly description: string;
  readonly schedule: ScheduleExpression;
  readonly stateMachineArn: string;
  /** @default - the input's defaults */
  readonly input?: object;
  /** The schedule is encrypted with the bucket's key, or with EventBridge Scheduler's default key. */
  readonly deployment: Deployment;
}

/** Starts executions of a state machine on a schedule, with the same input each time. */
export class WorkflowSchedule extends Construct {
  readonly role: ExecutionRole;

  constructor(scope: Construct, id: string, props: WorkflowScheduleProps) {
    super(scope, id);
    const { nameScope, name, description, schedule, stateMachineArn, input = {}, deployment } = props;
    this.role = new ExecutionRole(this, "Role", {
      role: scheduleRole(nameScope, deployment, stateMachineArn),
      account: deployment.account,
    });
    new SchedulerSchedule(this, "Resource", {
      name,
      description,
      scheduleExpression: schedule.expression,
      scheduleExpressionTimezone: schedule.timeZone,
      flexibleTimeWindow: { mode: "OFF" },
      kmsKeyArn: deployment.kmsKeyArn,
      target: {
        arn: stateMachineArn,
        roleArn: this.role.roleArn,
        input: JSON.stringify(input),
        // A throttled start is tried again, with growing waits, as often as it can be; one that is hours late is of no use.
        // https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
        retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 185 },
      },
      dependsOn: [this.role.policy],
    });
  }
}
