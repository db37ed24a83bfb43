/** The description of an endpoint in the variable `endpoint`. */

import { jsonata } from "../asl/jsonata";
import { caughtCause } from "../failures";
import { variantsWithTraffic } from "./running-experiment";

/** The properties of a described endpoint that later states need. */
export const describedEndpoint = jsonata`{
  "status": $states.result.EndpointStatus,
  "configName": $exists($states.result.EndpointConfigName) ? $states.result.EndpointConfigName : "",
  "pendingConfigName": $exists($states.result.PendingDeploymentSummary.EndpointConfigName)
    ? $states.result.PendingDeploymentSummary.EndpointConfigName : "",
  "sharing": ${variantsWithTraffic},
  "instances": $exists($states.result.ProductionVariants[0].DesiredInstanceCount)
    ? $states.result.ProductionVariants[0].DesiredInstanceCount : 0,
  "reason": $exists($states.result.FailureReason) ? $states.result.FailureReason : ""
}`;

/** The properties of an endpoint that could not be described. */
export const undescribedEndpoint = jsonata`{
  "status": $contains($states.errorOutput.Cause, "Could not find") ? "Absent"
    : $contains($states.errorOutput.Cause, "not authorized") ? "Hidden" : "Unknown",
  "configName": "",
  "sharing": 0,
  "reason": ${caughtCause}
}`;

/** Temporary states of an endpoint in which it accepts no update. */
export const busyStates = jsonata`["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Unknown"]`;
