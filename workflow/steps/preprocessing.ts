import { jsonata, literal } from "../asl/states";
import { baseName, freshName } from "../names";
import { prefixes, vpcConfig, type Workflow } from "../settings";
import { artifactUrl, executionTags, type Step } from "../step";
import { jobStep } from "./job";
import { pinnedCodeUrl } from "./pin-code";

export const codeFolder = "/opt/ml/processing/input/code";
const dataFolder = "/opt/ml/processing/input/data";
const outputFolder = "/opt/ml/processing/output";

/**
 * Turns raw data into training and test data with a SageMaker processing job.
 *
 * The script gets `--input-data` and `--output-data`; what it writes under `train/` and `test/` becomes the training
 * job's channels of these names.
 */
export function preprocessingStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const { processing } = settings;
  const namePrefix = `${baseName(settings)}-prep-`;
  const name = freshName(settings, "prep", "PreprocessingJobName", "$attempt");
  return jobStep(workflow, {
    state: "DataPreprocessing",
    kind: "Processing",
    called: "Processing",
    namePrefix,
    failure: "ProcessingJobFailed",
    retryAfterSeconds: 30,
    maxRuntimeInSeconds: processing.maxRuntimeInSeconds,
    roleArn: references.roleArns.prep,
    request: {
      ProcessingJobName: jsonata(name),
      AppSpecification: {
        ImageUri: references.imageUri,
        ContainerEntrypoint: entryPoint(processing.codeKey),
        ContainerArguments: [
          processing.entryPoint,
          "--input-data",
          dataFolder,
          "--output-data",
          outputFolder,
          ...processing.arguments,
        ],
      },
      ProcessingInputs: [
        s3Input(
          "data",
          jsonata(`${literal(`s3://${references.dataBucketName}/`)} & $dataPrefix`),
          dataFolder,
        ),
        s3Input("code", jsonata(pinnedCodeUrl(workflow, processing.codeKey)), codeFolder),
      ],
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: "processed",
            S3Output: {
              S3Uri: jsonata(`${artifactUrl(workflow, literal(prefixes.processedData))} & ${name}`),
              LocalPath: outputFolder,
              S3UploadMode: "EndOfJob",
            },
          },
        ],
      },
      ProcessingResources: {
        ClusterConfig: {
          InstanceCount: processing.instanceCount,
          InstanceType: processing.instanceType,
          VolumeSizeInGB: processing.volumeSizeInGB,
        },
      },
      ...(settings.vpc === undefined ? {} : { NetworkConfig: vpcConfig(workflow) }),
      Tags: executionTags(workflow),
    },
    assign: {
      processedDataUrl: jsonata("$states.result.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"),
    },
    next,
  });
}

/** The image has no entry point of its own for processing, and nothing unpacks or installs for it. */
export function entryPoint(codeKey: string): string[] {
  return [
    "/bin/bash",
    "-ec",
    `cd ${codeFolder}; tar -xzf "$0"; [ ! -f requirements.txt ] || pip install -q -r requirements.txt; exec python3 "$@"`,
    basename(codeKey),
  ];
}

function s3Input(inputName: string, url: `{% ${string} %}`, localPath: string) {
  return { InputName: inputName, S3Input: { S3Uri: url, ...wholeCopy(localPath) } };
}

/** An input that every instance gets as a whole, before the script starts. */
export function wholeCopy(localPath: string) {
  return {
    LocalPath: localPath,
    S3DataType: "S3Prefix",
    S3InputMode: "File",
    S3DataDistributionType: "FullyReplicated",
  };
}

function basename(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
