import { Construct } from "constructs";
import { stateMachineArns } from "../workflow/arns";
import { hasGuardrails } from "../workflow/endpoint/guardrails";
import { workflowFunctionNames } from "../workflow/functions";
import type { Alarm } from "../workflow/monitoring/alarm";
import { type AlarmOptions, workflowAlarms } from "../workflow/monitoring/alarms";
import { guardrailAlarms } from "../workflow/monitoring/endpoint-alarms";
import { hasRecipients, type Recipients } from "../workflow/monitoring/notifications";
import type { WorkflowSettings } from "../workflow/settings";
import { Alarms } from "./alarms";
import { Dashboard } from "./dashboard";
import { Notifications } from "./notifications";
import type { Deployment } from "./role-and-log";
import type { ScheduleExpression } from "./workflow-schedule";

export interface ObservabilityProps {
  readonly settings: WorkflowSettings;
  readonly deployment: Deployment;
  /** @default - no notifications */
  readonly notifications?: Recipients;
  readonly alarms?: AlarmOptions;
  /** @default - the monitor is run by hand */
  readonly monitorSchedule?: ScheduleExpression;
  /** @default false */
  readonly experiments?: boolean;
  /** @default true */
  readonly dashboard?: boolean;
}

/** Messages, alarms and a dashboard. */
export class Observability extends Construct {
  /** Undefined without recipients. */
  readonly notifications?: Notifications;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    const { settings, deployment, notifications, dashboard = true } = props;
    if (notifications !== undefined && hasRecipients(notifications)) {
      this.notifications = new Notifications(this, "Notifications", {
        ...notifications,
        nameScope: settings,
        deployment,
      });
    }
    const { arns } = new Alarms(this, "Alarms", {
      alarms: this.alarms(props),
      topicArn: this.notifications?.topicArn,
    });
    if (dashboard) {
      new Dashboard(this, "Dashboard", {
        settings,
        region: deployment.region,
        stateMachineArns: stateMachineArns(settings, deployment),
        alarmArns: arns,
        notifies: this.notifications !== undefined,
        functionNames: [
          ...workflowFunctionNames(settings, props),
          ...(this.notifications?.functionNames ?? []),
        ],
      });
    }
  }

  /** Without recipients there are only the alarms that SageMaker itself checks. */
  private alarms({ settings, deployment, ...props }: ObservabilityProps): readonly Alarm[] {
    if (this.notifications === undefined) return hasGuardrails(settings) ? guardrailAlarms(settings) : [];
    return workflowAlarms(settings, {
      stateMachineArns: stateMachineArns(settings, deployment),
      functionNames: this.notifications.functionNames,
      experiments: props.experiments,
      monitorSchedule: props.monitorSchedule?.expression,
      ...props.alarms,
    });
  }
}
