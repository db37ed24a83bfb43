/** How traffic moves to an update of the endpoint, and the alarms that roll it back. */

import type { JsonObject } from "../asl/jsonata";
import { guardrailAlarms } from "../monitoring/endpoint-alarms";
import type { Workflow, WorkflowSettings } from "../settings";
import { fewestInstances, linearSteps, updateWaitSeconds } from "./kinds";

/**
 * Whether updates use a canary.
 *
 * A canary is at most half of the instances, so an endpoint with one instance, or one that may scale in to one, cannot
 * have a canary and is updated all at once. A serverless endpoint has no guardrails.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html
 */
export function hasGuardrails({ endpoint }: Pick<WorkflowSettings, "endpoint">): boolean {
  return fewestInstances(endpoint) >= 2;
}

/** Names of the alarms that roll back an update: the two of this project, and those that the workflow adds. */
export function rollbackAlarmNames(settings: WorkflowSettings): readonly string[] {
  return [...guardrailAlarms(settings).map(({ name }) => name), ...settings.rollbackAlarms];
}

/**
 * Checks the names of alarms that a workflow adds.
 *
 * @throws Error if AWS would refuse them, or the endpoint cannot roll back
 */
export function checkedRollbackAlarms(
  names: readonly string[],
  settings: Pick<WorkflowSettings, "endpoint">,
): readonly string[] {
  // https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html: ten in all.
  if (names.length > 8) throw new Error(`rollbackAlarms must be at most 8, got ${names.length}`);
  if (names.length > 0 && !hasGuardrails(settings)) {
    throw new Error(
      "rollbackAlarms need an endpoint that always has at least two instances, because alarms cannot roll back an update all at once: set endpoint.initialInstanceCount to 2, or omit rollbackAlarms",
    );
  }
  return names;
}

/** The deployment configuration of UpdateEndpoint, if there are always at least two instances. */
export function deploymentConfig({ settings }: Workflow): JsonObject {
  const { endpoint } = settings;
  if (endpoint.kind !== "instance" || !hasGuardrails(settings)) return {};
  const { shift, waitSeconds, terminationSeconds } = endpoint.update;
  const canary = {
    Type: "CANARY",
    CanarySize: { Type: "INSTANCE_COUNT", Value: 1 },
    WaitIntervalInSeconds: waitSeconds,
  };
  const linear = {
    Type: "LINEAR",
    LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 100 / linearSteps },
    WaitIntervalInSeconds: waitSeconds,
  };
  return {
    DeploymentConfig: {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: shift === "canary" ? canary : linear,
        TerminationWaitInSeconds: terminationSeconds,
        // Starting instances may take as long as the waits.
        MaximumExecutionTimeoutInSeconds: Math.max(3000, updateWaitSeconds(endpoint.update) + 600),
      },
      AutoRollbackConfiguration: {
        Alarms: rollbackAlarmNames(settings).map((AlarmName) => ({ AlarmName })),
      },
    },
  };
}
