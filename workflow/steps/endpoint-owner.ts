import { jsonata } from "../asl/jsonata";
import { type ChoiceState, otherwise, type State, type TaskState } from "../asl/states";
import { catchAll } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { baseName } from "../names";
import type { Workflow } from "../settings";
import { ownerTag, sdkTask } from "../step";
import { undescribedEndpoint } from "./endpoint-description";
import { endpointArns } from "./resource-arns";

/**
 * Checks whose the endpoint `$endpointArn` is, by its tag, and continues with one of the workflow's own only.
 *
 * Names do not collide, but anybody may make an endpoint of any name.
 */
export function ownerStates(workflow: Workflow, next: string): Record<string, State> {
  return {
    ReadEndpointTags: readEndpointTags(workflow, next),
    EndpointIsOurs: endpointIsOurs(baseName(workflow.settings), next),
  };
}

function readEndpointTags(workflow: Workflow, next: string): TaskState {
  return sdkTask(workflow, "sagemaker", "listTags", {
    Arguments: { ResourceArn: jsonata`$endpointArn` },
    Assign: {
      endpointOwner: jsonata`(
        $owner := $states.result.Tags[Key = ${ownerTag}].Value;
        $exists($owner) ? $owner : ""
      )`,
    },
    Retry: undefined,
    Catch: [
      {
        // It may have gone meanwhile: the endpoint is checked again, which is why nothing is retried here.
        ErrorEquals: ["SageMaker.SageMakerException"],
        Assign: { endpoint: undescribedEndpoint },
        Next: next,
      },
      catchAll("ReadEndpointTags", "DeploymentFailed"),
    ],
    Next: "EndpointIsOurs",
  });
}

function endpointIsOurs(base: string, next: string): ChoiceState {
  const stranger = jsonata`($endpointOwner = ""
    ? ${` has no tag ${ownerTag}`} : " belongs to the workflow " & $endpointOwner)`;
  const remedy = `, and is not one of ${base}: nothing was changed. Delete it, or give another EndpointName`;
  return {
    Type: "Choice",
    Choices: [
      { Condition: jsonata`$endpointOwner = ${base}`, Next: next },
      otherwise(
        {
          failure: jsonata`{
            "state": "EndpointIsOurs",
            "endpoint": $endpointName,
            "reason": "The endpoint " & $endpointName & ${stranger}
              & ${remedy}
          }`,
        },
        "DeploymentFailed",
      ),
    ],
  };
}

/** Lets endpoints be changed that carry the workflow's tag, and no others, whatever they are called. */
export function changeOwnEndpoints(workflow: Workflow, actions: readonly string[]): PolicyStatement {
  return allow(actions, endpointArns(workflow), {
    conditions: { StringEquals: { [`aws:ResourceTag/${ownerTag}`]: baseName(workflow.settings) } },
  });
}
