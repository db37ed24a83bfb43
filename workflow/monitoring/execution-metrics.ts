/** The metrics that the notifying function publishes about ended executions: AWS knows no gate and no versions. */

import { baseName, type NameScope } from "../names";

/** The namespace of the metrics in CloudWatch; their dimension is the workflow. */
export const executionNamespace = "SageMakerWorkflow/Executions";

/**
 * `GateRefusalsInARow`, after each decision of the gate; and, after each release, `VersionInService`, the number of the
 * registered version, and `GateMetric`, the value of the gate's metric.
 */
export type ExecutionMetric = "GateRefusalsInARow" | "VersionInService" | "GateMetric";

/** A metric of a workflow, as alarms and dashboards name it. */
export function executionMetric(scope: NameScope, metricName: ExecutionMetric) {
  return {
    namespace: executionNamespace,
    metricName,
    dimensions: { Workflow: baseName(scope) },
  } as const;
}
