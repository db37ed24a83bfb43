import { arn } from "../arns";
import { jsonata, literal, otherwise, type State } from "../asl/states";
import { catchAll, caughtCause } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { baseName, stableEndpointName } from "../names";
import type { Workflow } from "../settings";
import { ownerTag, sdkCall } from "../step";

/**
 * Looks whose the endpoint `$endpointArn` is, by its tag, and goes on with one of the workflow's own only.
 *
 * Names do not collide, but anybody may make an endpoint of any name.
 */
export function ownerStates(workflow: Workflow, next: string): Record<string, State> {
  const base = baseName(workflow.settings);
  return {
    ReadEndpointTags: {
      Type: "Task",
      Resource: sdkCall(workflow, "sagemaker", "listTags"),
      Arguments: { ResourceArn: jsonata("$endpointArn") },
      Assign: {
        endpointOwner: jsonata(`(
          $owner := $states.result.Tags[Key = ${literal(ownerTag)}].Value;
          $exists($owner) ? $owner : ""
        )`),
      },
      TimeoutSeconds: 60,
      Catch: [
        {
          // It may have gone meanwhile: look again.
          ErrorEquals: ["SageMaker.SageMakerException"],
          Assign: { endpoint: undescribedEndpoint },
          Next: next,
        },
        catchAll("ReadEndpointTags", "DeploymentFailed"),
      ],
      Next: "EndpointIsOurs",
    },
    EndpointIsOurs: {
      Type: "Choice",
      Choices: [
        { Condition: jsonata(`$endpointOwner = ${literal(base)}`), Next: next },
        otherwise(
          {
            failure: jsonata(`{
              "state": "EndpointIsOurs",
              "endpoint": $endpointName,
              "reason": "The endpoint " & $endpointName & ($endpointOwner = ""
                ? " has no tag ${ownerTag}" : " belongs to the workflow " & $endpointOwner)
                & ", and is not one of ${base}: nothing was changed. Delete it, or give another EndpointName"
            }`),
          },
          "DeploymentFailed",
        ),
      ],
    },
  };
}

/** What is known of an endpoint that could not be looked at. */
export const undescribedEndpoint = jsonata(`{
  "status": $contains($states.errorOutput.Cause, "Could not find") ? "Absent"
    : $contains($states.errorOutput.Cause, "not authorized") ? "Hidden" : "Unknown",
  "configName": "",
  "sharing": 0,
  "reason": ${caughtCause}
}`);

/** Lets endpoints be changed that carry the workflow's tag, and no others, whatever they are called. */
export function changeOwnEndpoints(workflow: Workflow, actions: readonly string[]): PolicyStatement {
  return allow(actions, endpointArns(workflow), {
    conditions: { StringEquals: { [`aws:ResourceTag/${ownerTag}`]: baseName(workflow.settings) } },
  });
}

/** The ARN pattern of the workflow's endpoint configurations. */
export function configArn(workflow: Workflow): string {
  return arn(workflow.references, "sagemaker", `endpoint-config/${baseName(workflow.settings)}-config-*`);
}

/** The endpoint of the stable name, and those that an execution's input adds to it. */
export function endpointArns(workflow: Workflow): string[] {
  const stable = stableEndpointName(workflow.settings);
  return [stable, `${stable}-*`].map((name) => arn(workflow.references, "sagemaker", `endpoint/${name}`));
}
