import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { prefixes, vpcConfig, type Workflow } from "../settings";
import { executionTags, type Step } from "../step";
import { jobStep, roleAndLimit } from "./job";
import { pinnedCodeUrl } from "./pin-code";

/**
 * Trains the model with a SageMaker training job in script mode.
 *
 * Channels: `train` and `test` have the output of preprocessing; `code` has the tar.gz of the inference code, which the
 * script unpacks to `code/` in the model artifact, so that a model always runs with the code it was trained with.
 */
export function trainingStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const { maxRuntimeInSeconds, waitForCapacityInSeconds } = settings.training;
  const roleArn = references.roleArns.train;
  return jobStep(workflow, "train", {
    maxRuntimeInSeconds,
    waitForCapacityInSeconds,
    roleArn,
    request: {
      ...trainingRequest(workflow, "HyperParameters", jsonata`$hyperparameters`),
      Tags: executionTags(workflow),
      ...roleAndLimit(roleArn, maxRuntimeInSeconds),
    },
    assign: { trainedModelUrl },
    next,
  });
}

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
      channel("train", jsonata`$processedDataUrl & "/train/"`),
      channel("test", jsonata`$processedDataUrl & "/test/"`),
      channel("code", pinnedCodeUrl(workflow, inference.codeKey)),
    ],
    OutputDataConfig: { S3OutputPath: `s3://${references.bucketName}/${prefixes.trainingOutput}` },
    ResourceConfig: {
      InstanceCount: training.instanceCount,
      InstanceType: training.instanceType,
      VolumeSizeInGB: training.volumeSizeInGB,
    },
    ...vpcConfig(workflow),
  };
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
