import { type ChoiceRule, type JsonObject, jsonata, literal, type Retrier, type WaitState } from "../asl";
import { catchAll, failState } from "../failures";
import { deploymentConfig } from "../guardrails";
import { allow } from "../iam";
import { baseName, endpointName, stableEndpointName } from "../names";
import { sageMakerRetry } from "../retries";
import { arn, integration, type Workflow } from "../settings";
import { executionTags, type Step, sdkCall } from "../step";
import type { ReleaseNames } from "./model";

const maxChecks = 120;

/** How long the step may wait: for another deployment, then for its own, with waits of up to 30 s. */
export const longestDeploymentSeconds = 2 * maxChecks * 31;

/** States of an endpoint in which it accepts no update; they pass. */
const busy = '["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Unknown"]';

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

/**
 * Puts the endpoint configuration in service under one stable endpoint name.
 *
 * Absent: create. Busy, as when another execution deploys: wait. Failed, which only a create leaves behind: delete, then
 * create. Else: update. Then wait until the configuration that serves is the one asked for, or it is clear that it
 * never will be.
 */
export function endpointStep(workflow: Workflow, names: ReleaseNames, next: string): Step {
  const { settings } = workflow;
  // The stable name, and those that an execution's input adds to it.
  const stable = stableEndpointName(settings);
  const endpoints = [stable, `${stable}-*`].map((name) => arn(workflow, "sagemaker", `endpoint/${name}`));
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
        Assign: { endpointName: jsonata(endpointName(settings)), endpoint: described },
        Catch: [
          {
            // The call models no errors: a missing endpoint and a throttled call differ in the text only.
            ErrorEquals: ["SageMaker.SageMakerException"],
            Assign: {
              endpointName: jsonata(endpointName(settings)),
              endpoint: jsonata(`{
                "status": $contains($states.errorOutput.Cause, "Could not find") ? "Absent"
                  : $contains($states.errorOutput.Cause, "not authorized") ? "Hidden" : "Unknown",
                "configName": "",
                "reason": $states.errorOutput.Cause
              }`),
            },
            Next: "ChooseDeployment",
          },
          catchAll("FindEndpoint", "DeploymentFailed"),
        ],
        Next: "ChooseDeployment",
      },
      ChooseDeployment: {
        Type: "Choice",
        Choices: [
          ...(names.reusable ? [servesAlready(next)] : []),
          {
            Condition: jsonata('$endpoint.status = "Absent"'),
            Assign: { replacedConfigName: "none" },
            Next: "CreateEndpoint",
          },
          { Condition: jsonata('$endpoint.status = "Failed"'), Next: "DeleteFailedEndpoint" },
          {
            Condition: jsonata(`$endpoint.status in ${busy} and $checks < ${maxChecks}`),
            Next: "WaitForOtherDeployment",
          },
          {
            Condition: jsonata(`$endpoint.status = "Hidden" or $endpoint.status in ${busy}`),
            Assign: { failure: deploymentFailure("ChooseDeployment") },
            Next: "DeploymentFailed",
          },
        ],
        Assign: { replacedConfigName: jsonata("$endpoint.configName") },
        Default: "UpdateEndpoint",
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
        ],
        Default: "DeploymentFailed",
      },
      WaitForEndpoint: growingWait("CheckEndpoint"),
      CheckEndpoint: {
        ...describeEndpoint,
        Assign: { endpoint: described },
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
            Next: next,
          },
          {
            // Another execution updates an endpoint only when the deployment before has ended: ours did serve.
            Condition: jsonata(`
              ($endpoint.status = "InService" and $not($endpoint.configName in [$endpointConfigName, $replacedConfigName]))
                or ($endpoint.status = "Updating" and $not($endpoint.pendingConfigName in [$endpointConfigName, ""]))`),
            Assign: { superseded: true },
            Next: next,
          },
          {
            Condition: jsonata(`$endpoint.status in ${busy} and $checks < ${maxChecks}`),
            Next: "WaitForEndpoint",
          },
        ],
        Assign: { failure: deploymentFailure("EndpointInService") },
        Default: "DeploymentFailed",
      },
      DeploymentFailed: failState("DeploymentFailed"),
    },
    policyStatements: [
      allow(["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:AddTags"], endpoints),
      // Both calls are authorized on the endpoint and on its configuration.
      allow(
        ["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"],
        [...endpoints, arn(workflow, "sagemaker", `endpoint-config/${baseName(settings)}-config-*`)],
      ),
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
const described = jsonata(`{
  "status": $states.result.EndpointStatus,
  "configName": $exists($states.result.EndpointConfigName) ? $states.result.EndpointConfigName : "",
  "pendingConfigName": $exists($states.result.PendingDeploymentSummary.EndpointConfigName)
    ? $states.result.PendingDeploymentSummary.EndpointConfigName : "",
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
    Resource: integration(workflow, `sagemaker:${action}`),
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

function growingWait(next: string): WaitState {
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
