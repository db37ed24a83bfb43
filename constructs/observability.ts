import { Construct } from "constructs";
import { stateMachineArns } from "../workflow/arns";
import { hasGuardrails } from "../workflow/endpoint/guardrails";
import { type Alarm, guardrailAlarms, workflowAlarms } from "../workflow/monitoring/alarms";
import { hasRecipients, type Recipients } from "../workflow/monitoring/notifications";
import type { WorkflowSettings } from "../workflow/settings";
import { Alarms } from "./alarms";
import { Dashboard } from "./dashboard";
import { Notifications } from "./notifications";
import type { Deployment } from "./role-and-log";

export interface ObservabilityProps {
  readonly settings: WorkflowSettings;
  readonly deployment: Deployment;
  /** @default - no notifications */
  readonly notifications?: Recipients;
  /** @default - an endpoint may be without traffic */
  readonly noTrafficMinutes?: number;
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
      });
    }
  }

  /** Without recipients there are only the alarms that SageMaker itself checks. */
  private alarms({ settings, deployment, noTrafficMinutes }: ObservabilityProps): readonly Alarm[] {
    if (this.notifications === undefined) return hasGuardrails(settings) ? guardrailAlarms(settings) : [];
    return workflowAlarms(settings, {
      stateMachineArns: stateMachineArns(settings, deployment),
      functionNames: this.notifications.functionNames,
      noTrafficMinutes,
    });
  }
}
