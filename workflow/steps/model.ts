import { integration } from "../arns";
import { expression, type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { firstCheck, growingWait, limitRetry, maxCreations, sageMakerRetry } from "../asl/retries";
import type { ChoiceState, TaskState } from "../asl/states";
import { catchAll } from "../failures";
import { allow, passToSageMaker } from "../iam";
import type { Workflow } from "../settings";
import { executionTags, type Step } from "../step";
import { vpcConfig } from "./network";
import type { ReleaseNames } from "./release-names";
import { modelArn, packageArn } from "./resource-arns";

/** Creates the release's model; an existing one is reused. */
export function modelStep(workflow: Workflow, names: ReleaseNames, next: string): Step {
  return {
    states: {
      CreateModel: createModel(workflow, names, next),
      ...(names.reusable && {
        ModelRefused: ifTaken({ modelName: names.model, ...firstCheck }, next, "WaitForModel"),
        WaitForModel: growingWait("CreateModel"),
      }),
    },
    policyStatements: [
      // Creating a model from a package is authorized on both.
      // https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
      allow(["sagemaker:CreateModel"], [modelArn(workflow), packageArn(workflow)]),
      allow(["sagemaker:AddTags"], [modelArn(workflow)]),
      passToSageMaker(workflow.references.roleArns.serving),
    ],
  };
}

function createModel(workflow: Workflow, names: ReleaseNames, next: string): TaskState {
  const { references } = workflow;
  return {
    Type: "Task",
    Resource: integration(references, "sagemaker:createModel"),
    Arguments: {
      ModelName: names.model,
      ExecutionRoleArn: references.roleArns.serving,
      PrimaryContainer: { ModelPackageName: jsonata`$modelPackageArn`, ...oneWorker(workflow) },
      ...vpcConfig(workflow),
      Tags: executionTags(workflow),
    },
    Assign: { modelName: nameFromArn("ModelArn"), ...(names.reusable && firstCheck) },
    TimeoutSeconds: 300,
    Retry: names.reusable ? limitRetry : sageMakerRetry,
    Catch: [catchAll("CreateModel", names.reusable ? "ModelRefused" : "DeploymentFailed")],
    Next: next,
  };
}

/** JSONata: the last part of the returned ARN, which is the name of the created resource. */
export function nameFromArn(key: "ModelArn" | "EndpointConfigArn"): Jsonata {
  return expression(`$split($states.result.${key}, "/")[-1]`);
}

/**
 * Continues if the resource already exists; other refusals are retried, and `wait` counts the retries.
 *
 * A retrier cannot distinguish the two, because SageMaker's errors share one name.
 */
export function ifTaken(assign: JsonObject, next: string, wait: string): ChoiceState {
  return {
    Type: "Choice",
    Choices: [
      { Condition: jsonata`$contains($failure.reason, "already existing")`, Assign: assign, Next: next },
      { Condition: jsonata`$checks < ${maxCreations}`, Next: wait },
    ],
    Default: "DeploymentFailed",
  };
}

/**
 * One worker for a serverless endpoint, whose memory is small; the version itself works for every kind.
 *
 * It includes all environment variables of the version, because it is undocumented whether the model's are added to them.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
 */
function oneWorker({ settings }: Workflow): JsonObject {
  if (settings.endpoint.kind !== "serverless") return {};
  return { Environment: jsonata`$merge([$package.environment, {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}])` };
}

/** The container of a model: image, artifact, entry point. */
export function modelContainer({ settings, references }: Workflow, modelDataUrl: Jsonata) {
  return {
    Image: references.imageUri,
    ModelDataUrl: modelDataUrl,
    Environment: {
      SAGEMAKER_PROGRAM: settings.inference.entryPoint,
      // By default the image reads /opt/ml/code, which is empty.
      SAGEMAKER_SUBMIT_DIRECTORY: "/opt/ml/model/code",
      SAGEMAKER_CONTAINER_LOG_LEVEL: "20",
      SAGEMAKER_REGION: references.region,
    },
  };
}
