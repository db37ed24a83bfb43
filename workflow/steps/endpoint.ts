import { integration } from "../arns";
import { sageMakerRetry } from "../asl/retries";
import {
  type ChoiceRule,
  type JsonObject,
  jsonata,
  literal,
  otherwise,
  type Retrier,
  type WaitState,
} from "../asl/states";
import { deploymentConfig } from "../endpoint/guardrails";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { endpointName } from "../names";
import type { Workflow } from "../settings";
import { executionTags, type Step, sdkCall } from "../step";
import {
  changeOwnEndpoints,
  configArn,
  endpointArns,
  ownerStates,
  undescribedEndpoint,
} from "./endpoint-owner";
import type { ReleaseNames } from "./model";

/** Looks at an endpoint that is busy, before a release gives up. */
export const maxChecks = 120;

/** How long a release may wait: for another deployment, for its own, and for the way back, with waits of up to 30 s. */
export const longestDeploymentSeconds = 3 * maxChecks * 31;

/** States of an endpoint in which it accepts no update; they pass. */
export const busyStates = '["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Unknown"]';

/**
 * A new configuration may not be readable at once: AWS advises to try again.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
 */
const briefRetry: readonly Retrier[] = [
  {
    ErrorEquals: ["SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException"],
    IntervalSeconds: 2,
    MaxAttempts: 2,
    BackoffRate: 2,
    JitterStrategy: "FULL",
  },
];

/** Where a deployment leads that did not fail. */
export interface ReleaseEnds {
  /** The new configuration serves. */
  readonly served: string;
  /** It served before, or another execution has replaced it already. */
  readonly nothingToTest: string;
}

/**
 * Puts the endpoint configuration in service under one stable endpoint name.
 *
 * Absent: create. Busy, as when another execution deploys: wait. Failed, which only a create leaves behind: delete, then
 * create. Else: update. Then wait until the configuration that serves is the one asked for, or it is clear that it
 * never will be. An alarm that has moved the traffic back is `RolledBack`, of the rollback step.
 */
export function endpointStep(workflow: Workflow, names: ReleaseNames, next: ReleaseEnds): Step {
  const { settings } = workflow;
  const endpoints = endpointArns(workflow);
  const describeEndpoint = {
    Type: "Task",
    Resource: sdkCall(workflow, "sagemaker", "describeEndpoint"),
    Arguments: { EndpointName: jsonata(endpointName(settings)) },
    TimeoutSeconds: 60,
  } as const;
  return {
    states: {
      FindEndpoint: {
        ...describeEndpoint,
        Assign: {
          endpointName: jsonata(endpointName(settings)),
          endpointArn: jsonata("$states.result.EndpointArn"),
          endpoint: describedEndpoint,
        },
        Catch: [
          {
            // The call models no errors: a missing endpoint and a throttled call differ in the text only.
            ErrorEquals: ["SageMaker.SageMakerException"],
            Assign: { endpointName: jsonata(endpointName(settings)), endpoint: undescribedEndpoint },
            Next: "ChooseDeployment",
          },
          catchAll("FindEndpoint", "DeploymentFailed"),
        ],
        Next: "ReadEndpointTags",
      },
      ...ownerStates(workflow, "ChooseDeployment"),
      ChooseDeployment: {
        Type: "Choice",
        Choices: [
          ...(names.reusable ? [servesAlready(next.nothingToTest)] : []),
          {
            Condition: jsonata('$endpoint.status = "Absent"'),
            Assign: { replacedConfigName: "none" },
            Next: "CreateEndpoint",
          },
          { Condition: jsonata('$endpoint.status = "Failed"'), Next: "DeleteFailedEndpoint" },
          {
            Condition: jsonata("$endpoint.sharing > 1"),
            Assign: {
              failure: jsonata(`{
                "state": "ChooseDeployment",
                "endpoint": $endpointName,
                "reason": $string($endpoint.sharing) & " production variants of the endpoint have traffic"
              }`),
            },
            Next: "ExperimentRunning",
          },
          {
            Condition: jsonata(`$endpoint.status in ${busyStates} and $checks < ${maxChecks}`),
            Next: "WaitForOtherDeployment",
          },
          {
            Condition: jsonata(`$endpoint.status = "Hidden" or $endpoint.status in ${busyStates}`),
            Assign: { failure: deploymentFailure("ChooseDeployment") },
            Next: "DeploymentFailed",
          },
          otherwise({ replacedConfigName: jsonata("$endpoint.configName") }, "UpdateEndpoint"),
        ],
      },
      WaitForOtherDeployment: growingWait("FindEndpoint"),
      DeleteFailedEndpoint: {
        Type: "Task",
        Resource: sdkCall(workflow, "sagemaker", "deleteEndpoint"),
        Arguments: { EndpointName: jsonata("$endpointName") },
        TimeoutSeconds: 60,
        Retry: sageMakerRetry,
        Catch: [catchAll("DeleteFailedEndpoint", "DeploymentRefused")],
        Next: "WaitForOtherDeployment",
      },
      CreateEndpoint: deploy(workflow, "CreateEndpoint", { Tags: executionTags(workflow) }),
      UpdateEndpoint: deploy(workflow, "UpdateEndpoint", {
        ...deploymentConfig(workflow),
        ...retainedInstances(workflow),
      }),
      DeploymentRefused: {
        Type: "Choice",
        Comment: "Another execution may have been a moment faster.",
        Choices: [
          {
            Condition: jsonata(
              `$checks < ${maxChecks} and $contains($failure.reason, /already existing|in-progress|Could not find endpoint "|Throttl|Rate exceeded/)`,
            ),
            Next: "WaitForOtherDeployment",
          },
          {
            // An endpoint that has gone meanwhile has no tag that would allow it: look again, and then believe it.
            Condition: jsonata(
              "$checks < 3 and $contains($failure.reason, /not authorized to perform: sagemaker:(Update|Delete)Endpoint/)",
            ),
            Next: "WaitForOtherDeployment",
          },
        ],
        Default: "DeploymentFailed",
      },
      WaitForEndpoint: growingWait("CheckEndpoint"),
      CheckEndpoint: {
        ...describeEndpoint,
        Assign: { endpoint: describedEndpoint },
        Retry: sageMakerRetry,
        Catch: [catchAll("CheckEndpoint", "DeploymentFailed")],
        Next: "EndpointInService",
      },
      EndpointInService: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata(
              '$endpoint.status = "InService" and $endpoint.configName = $endpointConfigName',
            ),
            Assign: { superseded: false },
            Next: next.served,
          },
          {
            // Another execution updates an endpoint only when the deployment before has ended: ours did serve.
            Condition: jsonata(`
              ($endpoint.status = "InService" and $not($endpoint.configName in [$endpointConfigName, $replacedConfigName]))
                or ($endpoint.status = "Updating" and $not($endpoint.pendingConfigName in [$endpointConfigName, ""]))`),
            Assign: { superseded: true },
            Next: next.nothingToTest,
          },
          {
            Condition: jsonata(
              '$endpoint.status = "InService" and $endpoint.configName = $replacedConfigName',
            ),
            Assign: { failure: deploymentFailure("EndpointInService") },
            Next: "RolledBack",
          },
          {
            Condition: jsonata(`$endpoint.status in ${busyStates} and $checks < ${maxChecks}`),
            Next: "WaitForEndpoint",
          },
          otherwise({ failure: deploymentFailure("EndpointInService") }, "DeploymentFailed"),
        ],
      },
      DeploymentFailed: failState("DeploymentFailed"),
      ExperimentRunning: failState("ExperimentRunning"),
    },
    policyStatements: [
      allow(["sagemaker:DescribeEndpoint", "sagemaker:ListTags"], endpoints),
      // When it is made, and never later: the tag says whose it is.
      // https://docs.aws.amazon.com/sagemaker/latest/dg/security_iam_id-based-policy-examples.html
      allow(["sagemaker:AddTags"], endpoints, {
        conditions: { Null: { "sagemaker:TaggingAction": "false" } },
      }),
      changeOwnEndpoints(workflow, ["sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"]),
      // Both calls are authorized on the endpoint and on its configuration.
      allow(["sagemaker:CreateEndpoint"], [...endpoints, configArn(workflow)]),
      allow(["sagemaker:UpdateEndpoint"], [configArn(workflow)]),
    ],
  };
}

/** A version that is released again finds its own configuration in service. */
function servesAlready(next: string): ChoiceRule {
  return {
    Condition: jsonata('$endpoint.status = "InService" and $endpoint.configName = $endpointConfigName'),
    Assign: { superseded: false },
    Next: next,
  };
}

/** What later states need to know of a described endpoint. */
export const describedEndpoint = jsonata(`{
  "status": $states.result.EndpointStatus,
  "configName": $exists($states.result.EndpointConfigName) ? $states.result.EndpointConfigName : "",
  "pendingConfigName": $exists($states.result.PendingDeploymentSummary.EndpointConfigName)
    ? $states.result.PendingDeploymentSummary.EndpointConfigName : "",
  "sharing": $count($states.result.ProductionVariants[CurrentWeight > 0]),
  "instances": $exists($states.result.ProductionVariants[0].DesiredInstanceCount)
    ? $states.result.ProductionVariants[0].DesiredInstanceCount : 0,
  "reason": $exists($states.result.FailureReason) ? $states.result.FailureReason : ""
}`);

/**
 * An update keeps the number of instances that scaling has chosen, where it lies within the bounds; what else the
 * configuration says holds.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
 */
function retainedInstances({ settings: { endpoint } }: Workflow): JsonObject {
  if (endpoint.kind !== "instance" || endpoint.autoscaling === undefined) return {};
  const { minInstances, maxInstances } = endpoint.autoscaling;
  return {
    RetainAllVariantProperties: jsonata(
      `$endpoint.instances >= ${minInstances} and $endpoint.instances <= ${maxInstances}`,
    ),
    ExcludeRetainedVariantProperties: [
      { VariantPropertyType: "DesiredWeight" },
      { VariantPropertyType: "DataCaptureConfig" },
    ],
  };
}

function deploy(workflow: Workflow, state: "CreateEndpoint" | "UpdateEndpoint", more: JsonObject) {
  const action = state === "CreateEndpoint" ? "createEndpoint" : "updateEndpoint";
  return {
    Type: "Task",
    Resource: integration(workflow.references, `sagemaker:${action}`),
    Arguments: {
      EndpointName: jsonata("$endpointName"),
      EndpointConfigName: jsonata("$endpointConfigName"),
      ...more,
    },
    Assign: { pause: 1, checks: 0 },
    TimeoutSeconds: 300,
    Retry: briefRetry,
    Catch: [catchAll(state, "DeploymentRefused")],
    Next: "WaitForEndpoint",
  } as const;
}

/** Waits twice as long each time, up to 30 s; counts in `checks`. */
export function growingWait(next: string): WaitState {
  return {
    Type: "Wait",
    Seconds: jsonata("$pause"),
    Assign: { pause: jsonata("$min([$pause * 2, 30])"), checks: jsonata("$checks + 1") },
    Next: next,
  };
}

function deploymentFailure(state: string) {
  return jsonata(`{
    "state": ${literal(state)},
    "endpoint": $endpointName,
    "reason": "The endpoint is " & $endpoint.status & " after " & $string($checks) & " checks"
      & ($endpoint.configName = "" ? "" : ", with the configuration " & $endpoint.configName)
      & ", not InService with " & $endpointConfigName
      & ($endpoint.reason = "" ? "" : ": " & $endpoint.reason)
  }`);
}
