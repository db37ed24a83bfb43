import { arn, integration } from "../arns";
import { sageMakerRetry } from "../asl/retries";
import { type ChoiceState, type JsonObject, jsonata, literal } from "../asl/states";
import { variantCapacity } from "../endpoint/kinds";
import { catchAll } from "../failures";
import { allow } from "../iam";
import { baseName, freshName, versionName } from "../names";
import { vpcConfig, type Workflow } from "../settings";
import { executionTags, type Step } from "../step";
import { passToSageMaker } from "./job";

/** JSONata: the last part of an ARN, which is the name of what was made; these calls return nothing else. */
const nameFromArn = (arnKey: string) => jsonata(`$split($states.result.${arnKey}, "/")[-1]`);

/** JSONata for the names of what a release makes. */
export interface ReleaseNames {
  readonly model: string;
  readonly config: string;
  /** Whether a name that is taken is that of the very same thing. */
  readonly reusable: boolean;
}

/** Names after the execution that trained the model. */
export function namesOfExecution({ settings }: Workflow): ReleaseNames {
  return {
    model: freshName(settings, "model", "ModelName"),
    config: freshName(settings, "config", "EndpointConfigName"),
    reusable: false,
  };
}

/**
 * Names after the version, and for the configuration after what it runs on: a second release makes nothing anew.
 *
 * The model of a serverless endpoint is another one: it has variables of its own, and no network.
 */
export function namesOfVersion({ settings }: Workflow): ReleaseNames {
  const { endpoint } = settings;
  const variant = { VariantName: endpoint.variantName, ...variantCapacity(endpoint) };
  const size = `$substring($hash(${literal(JSON.stringify(variant))}, "SHA-256"), 0, 8)`;
  const model = versionName(settings, "model");
  return {
    model: endpoint.kind === "serverless" ? `${model} & "-serverless"` : model,
    config: `${versionName(settings, "config")} & "-" & ${size}`,
    reusable: true,
  };
}

/** Makes the model and the endpoint configuration that the release asks for; what is there already is taken. */
export function modelStep(workflow: Workflow, names: ReleaseNames, next: string): Step {
  const { settings, references } = workflow;
  const { endpoint } = settings;
  const base = baseName(settings);
  return {
    states: {
      CreateModel: {
        Type: "Task",
        Resource: integration(workflow.references, "sagemaker:createModel"),
        Arguments: {
          ModelName: jsonata(names.model),
          ExecutionRoleArn: references.roleArns.serving,
          PrimaryContainer: { ModelPackageName: jsonata("$modelPackageArn"), ...oneWorker(workflow) },
          ...vpcConfig(workflow),
          Tags: executionTags(workflow),
        },
        Assign: { modelName: nameFromArn("ModelArn") },
        TimeoutSeconds: 300,
        Retry: sageMakerRetry,
        Catch: [catchAll("CreateModel", names.reusable ? "ModelRefused" : "DeploymentFailed")],
        Next: "CreateEndpointConfig",
      },
      ...(names.reusable && {
        ModelRefused: ifTaken({ modelName: jsonata(names.model) }, "CreateEndpointConfig"),
        ConfigRefused: ifTaken({ endpointConfigName: jsonata(names.config), pause: 1, checks: 0 }, next),
      }),
      CreateEndpointConfig: {
        Type: "Task",
        Resource: integration(workflow.references, "sagemaker:createEndpointConfig"),
        Arguments: {
          EndpointConfigName: jsonata(names.config),
          ProductionVariants: [
            {
              VariantName: endpoint.variantName,
              ModelName: jsonata("$modelName"),
              ...variantCapacity(endpoint),
            },
          ],
          Tags: executionTags(workflow),
        },
        Assign: { endpointConfigName: nameFromArn("EndpointConfigArn"), pause: 1, checks: 0 },
        TimeoutSeconds: 300,
        Retry: sageMakerRetry,
        Catch: [catchAll("CreateEndpointConfig", names.reusable ? "ConfigRefused" : "DeploymentFailed")],
        Next: next,
      },
    },
    policyStatements: [
      // Making a model from a package is authorized on both.
      // https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
      allow(
        ["sagemaker:CreateModel"],
        [
          arn(workflow.references, "sagemaker", `model/${base}-model-*`),
          arn(workflow.references, "sagemaker", `model-package/${base}/*`),
        ],
      ),
      allow(["sagemaker:AddTags"], [arn(workflow.references, "sagemaker", `model/${base}-model-*`)]),
      allow(
        ["sagemaker:CreateEndpointConfig", "sagemaker:AddTags"],
        [arn(workflow.references, "sagemaker", `endpoint-config/${base}-config-*`)],
      ),
      passToSageMaker(references.roleArns.serving),
    ],
  };
}

/** Goes on with what has the name already. */
function ifTaken(assign: JsonObject, next: string): ChoiceState {
  return {
    Type: "Choice",
    Choices: [
      { Condition: jsonata('$contains($failure.reason, "already existing")'), Assign: assign, Next: next },
    ],
    Default: "DeploymentFailed",
  };
}

/**
 * One worker for a serverless endpoint, whose memory is small; a version itself is good for every kind.
 *
 * With all variables of the version, so that nothing rests on whether the model's own come on top of them.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
 */
function oneWorker({ settings }: Workflow): JsonObject {
  if (settings.endpoint.kind !== "serverless") return {};
  return {
    Environment: jsonata('$merge([$package.environment, {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}])'),
  };
}

/** The container that serves a model: image, artifact, entry point. */
export function modelContainer({ settings, references }: Workflow, modelDataUrl: `{% ${string} %}`) {
  return {
    Image: references.imageUri,
    ModelDataUrl: modelDataUrl,
    Environment: {
      SAGEMAKER_PROGRAM: settings.inference.entryPoint,
      // The image looks into /opt/ml/code, which is empty, unless told otherwise.
      SAGEMAKER_SUBMIT_DIRECTORY: "/opt/ml/model/code",
      SAGEMAKER_CONTAINER_LOG_LEVEL: "20",
      SAGEMAKER_REGION: references.region,
    },
  };
}
