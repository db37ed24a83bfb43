import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import type { Step } from "../step";
import { cachedStep, codeOf, earlierResult, instancesOf } from "./cache";
import { spotAndCheckpoints } from "./checkpoints";
import { jobStep, roleAndLimit } from "./job";
import { vpcConfig } from "./network";
import { pinnedCodeUrl } from "./pin-code";
import { jobTags } from "./reason";
import { trainedVariables } from "./stage";

/**
 * Trains the model with a SageMaker training job in script mode.
 *
 * Channels: `train` and `test` have the output of preprocessing; `code` has the tar.gz of the inference code, which the
 * script unpacks to `code/` in the model artifact, so that a model always runs with the code it was trained with.
 */
export function trainingStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const { maxRuntimeInSeconds, waitForCapacityInSeconds, spot } = settings.training;
  const roleArn = references.roleArns.train;
  const job = (then: string) =>
    jobStep(workflow, "train", {
      maxRuntimeInSeconds,
      spot,
      waitForCapacityInSeconds,
      roleArn,
      request: {
        ...trainingRequest(workflow, "HyperParameters", jsonata`$hyperparameters`),
        ResourceConfig: { ...resourceConfig(workflow), ...warmPool(workflow) },
        ...spotAndCheckpoints(workflow, "training"),
        Tags: jobTags(workflow),
        ...roleAndLimit(roleArn, maxRuntimeInSeconds, spot),
      },
      assign: { trainedModelUrl },
      next: then,
    });
  const cached = {
    ...cachedTraining(workflow, jsonata`$hyperparameters`),
    status: "completed",
    result: { JobName: jsonata`$trainingJobName` },
    variables: trainedVariables(workflow, jsonata`${earlierResult}.JobName`),
    next,
  } as const;
  return cachedStep(workflow, "train", cached, job);
}

/** What the result of a training job depends on, whether alone or as one of a tuning job's. */
export function cachedTraining({ settings }: Workflow, hyperparameters: Jsonata) {
  const { training, inference } = settings;
  return {
    parameters: {
      Code: codeOf(training.codeKey),
      EntryPoint: training.entryPoint,
      // The model artifact contains it.
      InferenceCode: codeOf(inference.codeKey),
      HyperParameters: hyperparameters,
      Metrics: [...training.metrics],
      Instances: instancesOf(training),
    },
    inputs,
  } as const;
}

const inputs = {
  train: jsonata`$processedDataUrl & "/train/"`,
  test: jsonata`$processedDataUrl & "/test/"`,
} as const;

/** JSONata: the address of the model in the description of a training job. */
export const trainedModelUrl = jsonata`$states.result.ModelArtifacts.S3ModelArtifacts`;

/**
 * What every training job has, whether alone or as one of a tuning job's.
 *
 * @param key what the request calls the hyperparameters
 */
export function trainingRequest(workflow: Workflow, key: string, hyperparameters: Jsonata): JsonObject {
  const { settings, references } = workflow;
  const { training, inference } = settings;
  const scriptMode = jsonata`{
    "sagemaker_program": ${training.entryPoint},
    "sagemaker_submit_directory": ${pinnedCodeUrl(workflow, training.codeKey)}
  }`;
  return {
    AlgorithmSpecification: {
      TrainingImage: references.imageUri,
      TrainingInputMode: "File",
      MetricDefinitions: training.metrics.map((metric) => ({
        Name: metric,
        Regex: `${metric}: ([-+.0-9eE]+)`,
      })),
    },
    [key]: jsonata`$merge([${hyperparameters}, ${scriptMode}])`,
    InputDataConfig: [
      ...Object.entries(inputs).map(([name, url]) => channel(name, url)),
      channel("code", pinnedCodeUrl(workflow, inference.codeKey)),
    ],
    OutputDataConfig: { S3OutputPath: `s3://${references.bucketName}/${prefixes.trainingOutput}` },
    ResourceConfig: resourceConfig(workflow),
    ...vpcConfig(workflow),
  };
}

function resourceConfig({ settings: { training } }: Workflow): JsonObject {
  return {
    InstanceCount: training.instanceCount,
    InstanceType: training.instanceType,
    VolumeSizeInGB: training.volumeSizeInGB,
  };
}

/** Tuning jobs keep the instances of their training jobs by themselves. */
function warmPool({ settings: { training } }: Workflow): JsonObject {
  const { keepAlivePeriodInSeconds } = training;
  return keepAlivePeriodInSeconds === undefined ? {} : { KeepAlivePeriodInSeconds: keepAlivePeriodInSeconds };
}

function channel(name: string, url: Jsonata) {
  return {
    ChannelName: name,
    DataSource: {
      S3DataSource: {
        S3DataType: "S3Prefix",
        S3Uri: url,
        S3DataDistributionType: "FullyReplicated",
      },
    },
  };
}
