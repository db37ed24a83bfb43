import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import { Construct } from "constructs";
import { baseName, type NameScope } from "../workflow/names";
import { scheduleRole } from "../workflow/roles";
import type { WorkflowReferences } from "../workflow/settings";
import { ExecutionRole } from "./execution-role";

export interface ScheduleExpression {
  /** As EventBridge Scheduler writes it: `rate(7 days)` or `cron(0 3 ? * MON *)`. */
  readonly expression: string;
  /** Name of a time zone, such as Europe/Zurich. */
  readonly timeZone: string;
}

export interface WorkflowScheduleProps {
  readonly nameScope: NameScope;
  readonly schedule: ScheduleExpression;
  readonly stateMachineArn: string;
  readonly references: Pick<WorkflowReferences, "partition" | "region" | "account">;
  /** @default - a key of EventBridge Scheduler's own */
  readonly kmsKeyArn?: string;
}

/** Starts executions by itself, with the input's defaults. */
export class WorkflowSchedule extends Construct {
  readonly role: ExecutionRole;

  constructor(scope: Construct, id: string, props: WorkflowScheduleProps) {
    super(scope, id);
    const { nameScope, schedule, stateMachineArn, references, kmsKeyArn } = props;
    this.role = new ExecutionRole(this, "Role", {
      role: scheduleRole(nameScope, references, stateMachineArn),
      account: references.account,
    });
    new SchedulerSchedule(this, "Resource", {
      name: baseName(nameScope),
      description: "Starts an execution of the workflow",
      scheduleExpression: schedule.expression,
      scheduleExpressionTimezone: schedule.timeZone,
      flexibleTimeWindow: { mode: "OFF" },
      kmsKeyArn,
      target: {
        arn: stateMachineArn,
        roleArn: this.role.roleArn,
        input: "{}",
        // An execution that starts hours late helps nobody.
        retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 10 },
      },
      dependsOn: [this.role.policy],
    });
  }
}
