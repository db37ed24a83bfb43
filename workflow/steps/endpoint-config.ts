import { integration } from "../arns";
import { jsonata } from "../asl/jsonata";
import { firstCheck, growingWait, limitRetry, sageMakerRetry } from "../asl/retries";
import type { TaskState } from "../asl/states";
import { capturePart, variantCapacity } from "../endpoint/kinds";
import { catchAll } from "../failures";
import { allow } from "../iam";
import type { Workflow } from "../settings";
import { executionTags, type Step } from "../step";
import { ifTaken, nameFromArn } from "./model";
import type { ReleaseNames } from "./release-names";
import { configArn } from "./resource-arns";

/** Creates the release's endpoint configuration; an existing one is reused. */
export function endpointConfigStep(workflow: Workflow, names: ReleaseNames, next: string): Step {
  return {
    states: {
      CreateEndpointConfig: createEndpointConfig(workflow, names, next),
      ...(names.reusable && {
        ConfigRefused: ifTaken({ endpointConfigName: names.config, ...firstCheck }, next, "WaitForConfig"),
        WaitForConfig: growingWait("CreateEndpointConfig"),
      }),
    },
    policyStatements: [allow(["sagemaker:CreateEndpointConfig", "sagemaker:AddTags"], [configArn(workflow)])],
  };
}

function createEndpointConfig(workflow: Workflow, names: ReleaseNames, next: string): TaskState {
  const { endpoint } = workflow.settings;
  return {
    Type: "Task",
    Resource: integration(workflow.references, "sagemaker:createEndpointConfig"),
    Arguments: {
      EndpointConfigName: names.config,
      ProductionVariants: [
        {
          VariantName: endpoint.variantName,
          ModelName: jsonata`$modelName`,
          ...variantCapacity(endpoint),
        },
      ],
      ...capturePart(endpoint, workflow.references),
      Tags: executionTags(workflow),
    },
    Assign: { endpointConfigName: nameFromArn("EndpointConfigArn"), ...firstCheck },
    TimeoutSeconds: 300,
    Retry: names.reusable ? limitRetry : sageMakerRetry,
    Catch: [catchAll("CreateEndpointConfig", names.reusable ? "ConfigRefused" : "DeploymentFailed")],
    Next: next,
  };
}
