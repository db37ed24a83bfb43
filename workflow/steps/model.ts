import { jsonata } from "../asl";
import { catchAll } from "../failures";
import { allow } from "../iam";
import { baseName, freshName } from "../names";
import { sageMakerRetry } from "../retries";
import { arn, integration, vpcConfig, type Workflow } from "../settings";
import { executionTags, type Step } from "../step";
import { passSageMakerRole } from "./job";

/** JSONata: the last part of an ARN, which is the name of what was made; these calls return nothing else. */
const nameFromArn = (arnKey: string) => jsonata(`$split($states.result.${arnKey}, "/")[-1]`);

/** Makes the model and the endpoint configuration that the release asks for. */
export function modelStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const { endpoint, inference } = settings;
  const base = baseName(settings);
  return {
    states: {
      CreateModel: {
        Type: "Task",
        Resource: integration(workflow, "sagemaker:createModel"),
        Arguments: {
          ModelName: jsonata(freshName(settings, "model", "ModelName")),
          ExecutionRoleArn: references.sageMakerRoleArn,
          PrimaryContainer: {
            Image: references.imageUri,
            ModelDataUrl: jsonata("$modelDataUrl"),
            Environment: {
              SAGEMAKER_PROGRAM: inference.entryPoint,
              // The image looks into /opt/ml/code, which is empty, unless told otherwise.
              SAGEMAKER_SUBMIT_DIRECTORY: "/opt/ml/model/code",
              SAGEMAKER_CONTAINER_LOG_LEVEL: "20",
              SAGEMAKER_REGION: references.region,
            },
          },
          ...vpcConfig(workflow),
          Tags: executionTags(workflow),
        },
        Assign: { modelName: nameFromArn("ModelArn") },
        TimeoutSeconds: 300,
        Retry: sageMakerRetry,
        Catch: [catchAll("CreateModel", "DeploymentFailed")],
        Next: "CreateEndpointConfig",
      },
      CreateEndpointConfig: {
        Type: "Task",
        Resource: integration(workflow, "sagemaker:createEndpointConfig"),
        Arguments: {
          EndpointConfigName: jsonata(freshName(settings, "config", "EndpointConfigName")),
          ProductionVariants: [
            {
              VariantName: endpoint.variantName,
              ModelName: jsonata("$modelName"),
              InstanceType: endpoint.instanceType,
              InitialInstanceCount: endpoint.initialInstanceCount,
              InitialVariantWeight: endpoint.initialVariantWeight,
            },
          ],
          Tags: executionTags(workflow),
        },
        Assign: { endpointConfigName: nameFromArn("EndpointConfigArn"), pause: 1, checks: 0 },
        TimeoutSeconds: 300,
        Retry: sageMakerRetry,
        Catch: [catchAll("CreateEndpointConfig", "DeploymentFailed")],
        Next: next,
      },
    },
    policyStatements: [
      allow(
        ["sagemaker:CreateModel", "sagemaker:AddTags"],
        [arn(workflow, "sagemaker", `model/${base}-model-*`)],
      ),
      allow(
        ["sagemaker:CreateEndpointConfig", "sagemaker:AddTags"],
        [arn(workflow, "sagemaker", `endpoint-config/${base}-config-*`)],
      ),
      passSageMakerRole(workflow),
    ],
  };
}
