import { arn, globalArn } from "../arns";
import { type JsonObject, jsonata, literal, type Retrier } from "../asl/states";
import type { AutoscalingSettings, InstanceEndpoint } from "../endpoint/kinds";
import { catchAll, failState } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { baseName, stableEndpointName } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkCall } from "../step";

const page = "https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html";
const service = "sagemaker.application-autoscaling.amazonaws.com";
const dimension = "sagemaker:variant:DesiredInstanceCount";

/** Two executions may set the same at the same time. */
const retry: readonly Retrier[] = [
  {
    ErrorEquals: [
      "ApplicationAutoScaling.ConcurrentUpdateException",
      "ApplicationAutoScaling.InternalServiceException",
      "ApplicationAutoScaling.ApplicationAutoScalingException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    BackoffRate: 2,
    JitterStrategy: "FULL",
  },
];

/**
 * Lets Application Auto Scaling decide how many instances the endpoint has.
 *
 * A state and no resource of the stack: what is registered has to exist, and executions make the endpoint. Both calls
 * replace what was said before. A good model stays in service whatever becomes of them.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code.html
 */
export function autoscalingStep(
  workflow: Workflow,
  { variantName }: InstanceEndpoint,
  { minInstances, maxInstances, invocationsPerInstance }: AutoscalingSettings,
  next: string,
): Step {
  const target = {
    ServiceNamespace: "sagemaker",
    ResourceId: jsonata(`"endpoint/" & $endpointName & ${literal(`/variant/${variantName}`)}`),
    ScalableDimension: dimension,
  };
  const call = (state: string, action: string, more: JsonObject, to: string) =>
    ({
      Type: "Task",
      Resource: sdkCall(workflow, "applicationautoscaling", action),
      Arguments: { ...target, ...more },
      TimeoutSeconds: 60,
      Retry: retry,
      Catch: [catchAll(state, "AutoscalingFailed")],
      Next: to,
    }) as const;
  return {
    states: {
      RegisterScalableTarget: call(
        "RegisterScalableTarget",
        "registerScalableTarget",
        { MinCapacity: minInstances, MaxCapacity: maxInstances },
        "PutScalingPolicy",
      ),
      PutScalingPolicy: call(
        "PutScalingPolicy",
        "putScalingPolicy",
        {
          PolicyName: `${baseName(workflow.settings)}-invocations`,
          PolicyType: "TargetTrackingScaling",
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: invocationsPerInstance,
            PredefinedMetricSpecification: { PredefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
          },
        },
        next,
      ),
      AutoscalingFailed: failState("AutoscalingFailed", '$merge([$failure, {"endpoint": $endpointName}])'),
    },
    policyStatements: permissions(workflow),
  };
}

function permissions(workflow: Workflow): PolicyStatement[] {
  const stable = stableEndpointName(workflow.settings);
  const names = [stable, `${stable}-*`];
  return [
    // A target's ARN has an id of AWS's own in place of the endpoint's name.
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
    // The endpoint is looked at as the one who registers it.
    allow(
      ["sagemaker:DescribeEndpoint"],
      names.map((name) => arn(workflow.references, "sagemaker", `endpoint/${name}`)),
    ),
    allow(
      ["sagemaker:DescribeEndpointConfig"],
      [arn(workflow.references, "sagemaker", `endpoint-config/${baseName(workflow.settings)}-config-*`)],
    ),
    allow(
      ["sagemaker:UpdateEndpointWeightsAndCapacities"],
      names.map((name) => arn(workflow.references, "sagemaker", `endpoint/${name}`)),
      { page },
    ),
    allow(
      ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"],
      names.map((name) => arn(workflow.references, "cloudwatch", `alarm:TargetTracking-endpoint/${name}/*`)),
      { page },
    ),
    // Only the account's first scaled endpoint needs it.
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
