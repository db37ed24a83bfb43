/** What the workflow's states know of an endpoint, in the variable `endpoint`. */

import { jsonata } from "../asl/jsonata";
import { caughtCause } from "../failures";
import { sharing } from "./running-experiment";

/** What later states need to know of a described endpoint. */
export const describedEndpoint = jsonata`{
  "status": $states.result.EndpointStatus,
  "configName": $exists($states.result.EndpointConfigName) ? $states.result.EndpointConfigName : "",
  "pendingConfigName": $exists($states.result.PendingDeploymentSummary.EndpointConfigName)
    ? $states.result.PendingDeploymentSummary.EndpointConfigName : "",
  "sharing": ${sharing},
  "instances": $exists($states.result.ProductionVariants[0].DesiredInstanceCount)
    ? $states.result.ProductionVariants[0].DesiredInstanceCount : 0,
  "reason": $exists($states.result.FailureReason) ? $states.result.FailureReason : ""
}`;

/** What is known of an endpoint that could not be described. */
export const undescribedEndpoint = jsonata`{
  "status": $contains($states.errorOutput.Cause, "Could not find") ? "Absent"
    : $contains($states.errorOutput.Cause, "not authorized") ? "Hidden" : "Unknown",
  "configName": "",
  "sharing": 0,
  "reason": ${caughtCause}
}`;

/** States of an endpoint in which it accepts no update; they pass. */
export const busyStates = jsonata`["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Unknown"]`;
