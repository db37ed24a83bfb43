import { jsonata } from "../asl/jsonata";
import { unnamedSageMakerErrors } from "../asl/retries";
import { type ChoiceState, otherwise, type State, type TaskState } from "../asl/states";
import { catchAll } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { baseName } from "../names";
import type { Workflow } from "../settings";
import { ownerTag, sdkTask } from "../step";
import { undescribedEndpoint } from "./endpoint-description";
import { endpointArns } from "./resource-arns";

/**
 * Checks the owner of the endpoint `$endpointArn` by its tag, and continues only if it is this workflow.
 *
 * Workflows' names do not collide, but others may create an endpoint of any name.
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
        // The endpoint may no longer exist; it is checked again, so there is no retry here.
        ErrorEquals: unnamedSageMakerErrors,
        Assign: { endpoint: undescribedEndpoint },
        Next: next,
      },
      catchAll("ReadEndpointTags", "DeploymentFailed"),
    ],
    Next: "EndpointIsOurs",
  });
}

function endpointIsOurs(base: string, next: string): ChoiceState {
  const owner = jsonata`($endpointOwner = ""
    ? ${` has no tag ${ownerTag}`} : " belongs to the workflow " & $endpointOwner)`;
  const remedy = `; it must belong to ${base}: delete it, or set another EndpointName. Nothing was changed`;
  return {
    Type: "Choice",
    Choices: [
      { Condition: jsonata`$endpointOwner = ${base}`, Next: next },
      otherwise(
        {
          failure: jsonata`{
            "state": "EndpointIsOurs",
            "endpoint": $endpointName,
            "reason": "The endpoint " & $endpointName & ${owner}
              & ${remedy}
          }`,
        },
        "DeploymentFailed",
      ),
    ],
  };
}

/** Restricts changes to endpoints with the workflow's tag, whatever their names. */
export function changeOwnEndpoints(workflow: Workflow, actions: readonly string[]): PolicyStatement {
  return allow(actions, endpointArns(workflow), {
    conditions: { StringEquals: { [`aws:ResourceTag/${ownerTag}`]: baseName(workflow.settings) } },
  });
}
