import { SchedulerScheduleGroup } from "@cdktf/provider-aws/lib/scheduler-schedule-group";
import { Construct } from "constructs";
import { experimentGroupName } from "../workflow/experiments";
import { experimentController } from "../workflow/functions";
import { baseName, type NameScope } from "../workflow/names";
import { experimentScheduleRole } from "../workflow/roles";
import { ExecutionRole } from "./execution-role";
import type { Deployment } from "./role-and-log";
import { WorkflowFunction } from "./workflow-function";

export interface ExperimentsProps {
  readonly nameScope: NameScope;
  readonly deployment: Deployment;
  /**
   * The SNS topic for decisions, and its key.
   *
   * @default - decisions are events on the default bus only
   */
  readonly topic?: { readonly topicArn: string; readonly topicKeyArn: string };
}

/** The resources of A/B tests: the controller, the group for the schedule of a running test, and the schedule's role. */
export class Experiments extends Construct {
  readonly controller: WorkflowFunction;
  readonly scheduleRole: ExecutionRole;

  constructor(scope: Construct, id: string, props: ExperimentsProps) {
    super(scope, id);
    const { nameScope, deployment, topic } = props;
    this.controller = new WorkflowFunction(this, "Controller", {
      function: experimentController(nameScope, {
        ...deployment,
        topicArn: topic?.topicArn,
        topicKeyArn: topic?.topicKeyArn,
      }),
      deployment,
    });
    this.scheduleRole = new ExecutionRole(this, "ScheduleRole", {
      role: experimentScheduleRole(nameScope, deployment),
      account: deployment.account,
    });
    // When it is destroyed, EventBridge Scheduler also deletes the schedules in it.
    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group-delete.html
    new SchedulerScheduleGroup(this, "Group", { name: experimentGroupName(baseName(nameScope)) });
  }
}
