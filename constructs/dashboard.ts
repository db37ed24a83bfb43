import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { Construct } from "constructs";
import { type DashboardProps, dashboardBody } from "../workflow/monitoring/dashboard";
import type { WorkflowSettings } from "../workflow/settings";

/** The CloudWatch dashboard of the workflow. */
export class Dashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { settings, ...props }: DashboardProps & { readonly settings: WorkflowSettings },
  ) {
    super(scope, id);
    const { name, body } = dashboardBody(settings, props);
    new CloudwatchDashboard(this, "Resource", { dashboardName: name, dashboardBody: JSON.stringify(body) });
  }
}
