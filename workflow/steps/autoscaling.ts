import { arn, globalArn } from "../arns";
import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import type { TaskState } from "../asl/states";
import type { AutoscalingSettings, InstanceEndpoint } from "../endpoint/kinds";
import { catchAll, failState } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { baseName, stableEndpointName } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { configArn, endpointArns } from "./resource-arns";

const page = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html";
const service = "sagemaker.application-autoscaling.amazonaws.com";
const dimension = "sagemaker:variant:DesiredInstanceCount";

/**
 * Registers the endpoint with Application Auto Scaling.
 *
 * These are states, not resources of the stack, because the endpoint must exist and executions create it. Both calls
 * replace earlier settings. If they fail, the model stays in service.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code.html
 */
export function autoscalingStep(
  workflow: Workflow,
  { variantName }: InstanceEndpoint,
  autoscaling: AutoscalingSettings,
  next: string,
): Step {
  const resourceId = jsonata`"endpoint/" & $endpointName & ${`/variant/${variantName}`}`;
  return {
    states: {
      RegisterScalableTarget: registerScalableTarget(workflow, resourceId, autoscaling),
      PutScalingPolicy: putScalingPolicy(workflow, resourceId, autoscaling, next),
      AutoscalingFailed: failState(
        "AutoscalingFailed",
        jsonata`$merge([$failure, {"endpoint": $endpointName}])`,
      ),
    },
    policyStatements: permissions(workflow),
  };
}

function registerScalableTarget(
  workflow: Workflow,
  resourceId: Jsonata,
  { minInstances, maxInstances }: AutoscalingSettings,
): TaskState {
  return sdkTask(workflow, "applicationautoscaling", "registerScalableTarget", {
    Arguments: { ...target(resourceId), MinCapacity: minInstances, MaxCapacity: maxInstances },
    Catch: [catchAll("RegisterScalableTarget", "AutoscalingFailed")],
    Next: "PutScalingPolicy",
  });
}

function putScalingPolicy(
  workflow: Workflow,
  resourceId: Jsonata,
  { invocationsPerInstance }: AutoscalingSettings,
  next: string,
): TaskState {
  return sdkTask(workflow, "applicationautoscaling", "putScalingPolicy", {
    Arguments: {
      ...target(resourceId),
      PolicyName: `${baseName(workflow.settings)}-invocations`,
      PolicyType: "TargetTrackingScaling",
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: invocationsPerInstance,
        PredefinedMetricSpecification: { PredefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
      },
    },
    Catch: [catchAll("PutScalingPolicy", "AutoscalingFailed")],
    Next: next,
  });
}

function target(resourceId: Jsonata): JsonObject {
  return { ServiceNamespace: "sagemaker", ResourceId: resourceId, ScalableDimension: dimension };
}

function permissions(workflow: Workflow): PolicyStatement[] {
  const stable = stableEndpointName(workflow.settings);
  const names = [stable, `${stable}-*`];
  return [
    // A target's ARN contains an id of AWS instead of the endpoint's name.
    allow(
      ["application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"],
      [arn(workflow.references, "application-autoscaling", "scalable-target/*")],
      {
        conditions: {
          StringEquals: {
            "application-autoscaling:service-namespace": "sagemaker",
            "application-autoscaling:scalable-dimension": dimension,
          },
        },
      },
    ),
    // AWS reads the endpoint with the permissions of the caller.
    allow(["sagemaker:DescribeEndpoint"], endpointArns(workflow)),
    allow(["sagemaker:DescribeEndpointConfig"], [configArn(workflow)]),
    allow(["sagemaker:UpdateEndpointWeightsAndCapacities"], endpointArns(workflow), { page }),
    allow(
      ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"],
      names.map((name) => arn(workflow.references, "cloudwatch", `alarm:TargetTracking-endpoint/${name}/*`)),
      { page },
    ),
    // Needed only for the account's first scaled endpoint.
    allow(
      ["iam:CreateServiceLinkedRole"],
      [
        globalArn(
          workflow.references,
          "iam",
          `role/aws-service-role/${service}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint`,
        ),
      ],
      { conditions: { StringLike: { "iam:AWSServiceName": service } }, page },
    ),
  ];
}
