/** The cost of resources that are billed per unit and month. */

import type { CostRow, MakeRow, StackResource } from "./rows";

/** Rows for keys, alarms and dashboards. */
export function countedRows(resources: readonly StackResource[], row: MakeRow): CostRow[] {
  const counted = (type: string, what: string, item: string): CostRow[] => {
    const count = resources.filter((one) => one.type === type).length;
    return count > 0 ? [row(`${count} × ${what}`, item, count, "month")] : [];
  };
  return [
    ...counted("aws_kms_key", "KMS key", "KMS key"),
    ...alarmRows(resources, row),
    ...counted("aws_cloudwatch_dashboard", "dashboard", "CloudWatch dashboard"),
  ];
}

/** The row for the alarms among resources. */
export function alarmRows(resources: readonly StackResource[], row: MakeRow): CostRow[] {
  const metrics = resources
    .filter(({ type }) => type === "aws_cloudwatch_metric_alarm")
    .reduce((total, { values }) => total + alarmMetrics(values), 0);
  return metrics > 0 ? [row(`${metrics} × alarm`, "CloudWatch alarm", metrics, "month")] : [];
}

/** An alarm on an expression is billed per metric in it. */
function alarmMetrics({ metric_query: queries }: StackResource["values"]): number {
  const used = Array.isArray(queries) ? queries.filter(({ metric }) => metric?.length !== 0 && metric) : [];
  return Math.max(used.length, 1);
}
