import { integration } from "../arns";
import { type JsonObject, jsonata } from "../asl/jsonata";
import {
  deploymentRetry,
  firstCheck,
  growingWait,
  maxChecks,
  refusedForNow,
  unnamedSageMakerErrors,
} from "../asl/retries";
import { type ChoiceRule, type ChoiceState, otherwise, type TaskState } from "../asl/states";
import { deploymentConfig } from "../endpoint/guardrails";
import { catchAll, failState } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { endpointName } from "../names";
import type { Workflow } from "../settings";
import { executionTags, type Step, sdkTask } from "../step";
import { busyStates, describedEndpoint, undescribedEndpoint } from "./endpoint-description";
import { changeOwnEndpoints, ownerStates } from "./endpoint-owner";
import type { ReleaseNames } from "./release-names";
import { configArn, endpointArns } from "./resource-arns";
import { experimentRuns } from "./running-experiment";

/** The next states of a successful deployment. */
interface ReleaseEnds {
  /** If the new configuration is in service. */
  readonly served: string;
  /** If it was already in service, or another execution has replaced it. */
  readonly nothingToTest: string;
}

/**
 * Puts the endpoint configuration in service under one stable endpoint name.
 *
 * If the endpoint is absent, create it. If it is busy, because another execution deploys, wait. If its creation failed,
 * delete it, then create it. Otherwise update it. Then wait until the requested configuration is in service, or it is
 * clear that it never will be. If an alarm has moved the traffic back, the rollback step ends in `RolledBack`.
 */
export function endpointStep(workflow: Workflow, names: ReleaseNames, next: ReleaseEnds): Step {
  return {
    states: {
      FindEndpoint: findEndpoint(workflow),
      ...ownerStates(workflow, "ChooseDeployment"),
      ChooseDeployment: chooseDeployment(workflow, names.reusable, next.nothingToTest),
      WaitForOtherDeployment: growingWait("FindEndpoint"),
      DeleteFailedEndpoint: deleteFailedEndpoint(workflow),
      CreateEndpoint: deploy(workflow, "CreateEndpoint", { Tags: executionTags(workflow) }),
      UpdateEndpoint: deploy(workflow, "UpdateEndpoint", {
        ...deploymentConfig(workflow),
        ...retainedInstances(workflow),
      }),
      DeploymentRefused: deploymentRefused,
      WaitForEndpoint: growingWait("CheckEndpoint"),
      CheckEndpoint: checkEndpoint(workflow),
      EndpointInService: endpointInService(next),
      DeploymentFailed: failState("DeploymentFailed"),
      ExperimentRunning: failState("ExperimentRunning"),
    },
    policyStatements: permissions(workflow),
  };
}

function permissions(workflow: Workflow): PolicyStatement[] {
  const endpoints = endpointArns(workflow);
  return [
    allow(["sagemaker:DescribeEndpoint", "sagemaker:ListTags"], endpoints),
    // Set only at creation, because the tag identifies the owner.
    // https://docs.aws.amazon.com/sagemaker/latest/dg/security_iam_id-based-policy-examples.html
    allow(["sagemaker:AddTags"], endpoints, { conditions: { Null: { "sagemaker:TaggingAction": "false" } } }),
    changeOwnEndpoints(workflow, ["sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"]),
    // Both calls are authorized on the endpoint and on its configuration.
    allow(["sagemaker:CreateEndpoint"], [...endpoints, configArn(workflow)]),
    allow(["sagemaker:UpdateEndpoint"], [configArn(workflow)]),
  ];
}

function findEndpoint(workflow: Workflow): TaskState {
  const name = endpointName(workflow.settings);
  return sdkTask(workflow, "sagemaker", "describeEndpoint", {
    Arguments: { EndpointName: name },
    Assign: {
      endpointName: name,
      endpointArn: jsonata`$states.result.EndpointArn`,
      endpoint: describedEndpoint,
    },
    Retry: undefined,
    Catch: [
      {
        // The call has no modelled errors: a missing endpoint, for which a retry is useless, and throttling differ only in the text.
        ErrorEquals: unnamedSageMakerErrors,
        Assign: { endpointName: name, endpoint: undescribedEndpoint },
        Next: "ChooseDeployment",
      },
      catchAll("FindEndpoint", "DeploymentFailed"),
    ],
    Next: "ReadEndpointTags",
  });
}

function chooseDeployment(
  { settings }: Workflow,
  mayServeAlready: boolean,
  servesAlready: string,
): ChoiceState {
  return {
    Type: "Choice",
    Choices: [
      // If a version is released again, its configuration is already in service.
      ...(mayServeAlready ? [inService(servesAlready)] : []),
      {
        Condition: jsonata`$endpoint.status = "Absent"`,
        Assign: { replacedConfigName: "none" },
        Next: "CreateEndpoint",
      },
      {
        Condition: jsonata`$endpoint.status = "Failed" and $checks <= ${maxChecks}`,
        Next: "DeleteFailedEndpoint",
      },
      experimentRuns(settings, "ChooseDeployment", jsonata`$endpoint.sharing`),
      whileBusy("WaitForOtherDeployment"),
      {
        Condition: jsonata`$endpoint.status in ["Hidden", "Failed"] or $endpoint.status in ${busyStates}`,
        Assign: { failure: deploymentFailure("ChooseDeployment") },
        Next: "DeploymentFailed",
      },
      otherwise({ replacedConfigName: jsonata`$endpoint.configName` }, "UpdateEndpoint"),
    ],
  };
}

/** The requested configuration is in service. */
function inService(next: string): ChoiceRule {
  return {
    Condition: jsonata`$endpoint.status = "InService" and $endpoint.configName = $endpointConfigName`,
    Assign: { superseded: false },
    Next: next,
  };
}

/** The endpoint is busy, and there is time to wait. */
function whileBusy(next: string): ChoiceRule {
  return {
    Condition: jsonata`$endpoint.status in ${busyStates} and $checks < ${maxChecks}`,
    Next: next,
  };
}

function deleteFailedEndpoint(workflow: Workflow): TaskState {
  return sdkTask(workflow, "sagemaker", "deleteEndpoint", {
    Arguments: { EndpointName: jsonata`$endpointName` },
    Catch: [catchAll("DeleteFailedEndpoint", "DeploymentRefused")],
    Next: "WaitForOtherDeployment",
  });
}

function deploy(workflow: Workflow, state: "CreateEndpoint" | "UpdateEndpoint", more: JsonObject): TaskState {
  const action = state === "CreateEndpoint" ? "createEndpoint" : "updateEndpoint";
  return {
    Type: "Task",
    Resource: integration(workflow.references, `sagemaker:${action}`),
    Arguments: {
      EndpointName: jsonata`$endpointName`,
      EndpointConfigName: jsonata`$endpointConfigName`,
      ...more,
    },
    Assign: { ...firstCheck },
    TimeoutSeconds: 300,
    Retry: deploymentRetry,
    Catch: [catchAll(state, "DeploymentRefused")],
    Next: "WaitForEndpoint",
  };
}

/**
 * An update keeps the number of instances that scaling has chosen, if it is within the bounds; other settings come from
 * the configuration.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
 */
function retainedInstances({ settings: { endpoint } }: Workflow): JsonObject {
  if (endpoint.kind !== "instance" || endpoint.autoscaling === undefined) return {};
  const { minInstances, maxInstances } = endpoint.autoscaling;
  return {
    RetainAllVariantProperties: jsonata`$endpoint.instances >= ${minInstances} and $endpoint.instances <= ${maxInstances}`,
    ExcludeRetainedVariantProperties: [
      { VariantPropertyType: "DesiredWeight" },
      { VariantPropertyType: "DataCaptureConfig" },
    ],
  };
}

const deploymentRefused: ChoiceState = {
  Type: "Choice",
  Comment: "Another execution may have been faster.",
  Choices: [
    {
      Condition: jsonata`$checks < ${maxChecks} and ${refusedForNow}`,
      Next: "WaitForOtherDeployment",
    },
    {
      // An endpoint that no longer exists has no tag that allows the call: check again before failing.
      Condition: jsonata`$checks < 3 and $contains($failure.reason, /not authorized to perform: sagemaker:(Update|Delete)Endpoint/)`,
      Next: "WaitForOtherDeployment",
    },
  ],
  Default: "DeploymentFailed",
};

function checkEndpoint(workflow: Workflow): TaskState {
  return sdkTask(workflow, "sagemaker", "describeEndpoint", {
    Arguments: { EndpointName: endpointName(workflow.settings) },
    Assign: { endpoint: describedEndpoint },
    Catch: [catchAll("CheckEndpoint", "DeploymentFailed")],
    Next: "EndpointInService",
  });
}

function endpointInService({ served, nothingToTest }: ReleaseEnds): ChoiceState {
  return {
    Type: "Choice",
    Choices: [
      inService(served),
      {
        // Another execution updates an endpoint only after the previous deployment has ended: this one was in service.
        Condition: jsonata`
          ($endpoint.status = "InService" and $not($endpoint.configName in [$endpointConfigName, $replacedConfigName]))
            or ($endpoint.status = "Updating" and $not($endpoint.pendingConfigName in [$endpointConfigName, ""]))`,
        Assign: { superseded: true },
        Next: nothingToTest,
      },
      {
        Condition: jsonata`$endpoint.status = "InService" and $endpoint.configName = $replacedConfigName`,
        Assign: { failure: deploymentFailure("EndpointInService") },
        Next: "RolledBack",
      },
      whileBusy("WaitForEndpoint"),
      otherwise({ failure: deploymentFailure("EndpointInService") }, "DeploymentFailed"),
    ],
  };
}

function deploymentFailure(state: string) {
  return jsonata`{
    "state": ${state},
    "endpoint": $endpointName,
    "reason": "The endpoint is " & $endpoint.status & " after " & $string($checks) & " checks"
      & ($endpoint.configName in ["", $endpointConfigName] ? "" : " with the configuration " & $endpoint.configName)
      & ", not InService with " & $endpointConfigName
      & ($endpoint.reason = "" ? "" : ": " & $endpoint.reason)
  }`;
}
