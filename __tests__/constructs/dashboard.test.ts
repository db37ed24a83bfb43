import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { Testing } from "cdktf";
import { Dashboard } from "../../constructs/dashboard";
import { stateMachineArns } from "../../workflow/arns";
import { dashboardBody } from "../../workflow/monitoring/dashboard";
import { references, workflow } from "../fixtures";
import "./matchers";

it("Dashboard is what the plain data says", () => {
  const { settings } = workflow();
  const props = {
    region: "us-east-1",
    stateMachineArns: stateMachineArns(settings, references),
    alarmArns: ["arn:alarm"],
    functionNames: ["housing-dev-notify"],
    notifies: true,
  };
  expect(
    Testing.synthScope((scope) => new Dashboard(scope, "Dashboard", { settings, ...props })),
  ).toHaveResourceWithProperties(CloudwatchDashboard, {
    dashboard_name: "housing-dev",
    dashboard_body: JSON.stringify(dashboardBody(settings, props).body),
  });
});
