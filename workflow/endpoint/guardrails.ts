/** How an update of the endpoint is moved in, and the alarms that move it back. */

import type { JsonObject } from "../asl/jsonata";
import { guardrailAlarms } from "../monitoring/alarms";
import type { Workflow, WorkflowSettings } from "../settings";
import { fewestInstances, linearSteps, updateWaitSeconds } from "./kinds";

/**
 * Whether updates are moved in by a canary.
 *
 * A canary is at most half of the instances, so that one instance cannot have one: it is replaced all at once. An
 * endpoint that may scale in to one cannot have one, either, and a serverless one has no guardrails at all.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html
 */
export function hasGuardrails({ endpoint }: Pick<WorkflowSettings, "endpoint">): boolean {
  return fewestInstances(endpoint) >= 2;
}

/** Names of the alarms that roll an update back: our two, and those that the workflow names. */
export function rollbackAlarmNames(settings: WorkflowSettings): readonly string[] {
  return [...guardrailAlarms(settings).map(({ name }) => name), ...settings.rollbackAlarms];
}

/**
 * Checks the names of alarms that a workflow adds.
 *
 * @throws Error when AWS would not take them, or nothing could be rolled back
 */
export function checkedRollbackAlarms(
  names: readonly string[],
  settings: Pick<WorkflowSettings, "endpoint">,
): readonly string[] {
  // https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html: ten in all.
  if (names.length > 8) throw new Error(`rollbackAlarms must be at most 8, got ${names.length}`);
  if (names.length > 0 && !hasGuardrails(settings)) {
    throw new Error(
      "rollbackAlarms: an endpoint that may have one instance, or none, is updated all at once, and no alarm rolls that back; set endpoint.initialInstanceCount to 2, or leave rollbackAlarms out",
    );
  }
  return names;
}

/** The deployment part of UpdateEndpoint, where there are always two instances or more. */
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
        // Instances may take as long to come as the waits.
        MaximumExecutionTimeoutInSeconds: Math.max(3000, updateWaitSeconds(endpoint.update) + 600),
      },
      AutoRollbackConfiguration: {
        Alarms: rollbackAlarmNames(settings).map((AlarmName) => ({ AlarmName })),
      },
    },
  };
}
