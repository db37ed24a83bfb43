import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { artifactUrl, type Step } from "../step";
import { cachedStep, codeOf, earlierResult, instancesOf } from "./cache";
import { jobName, jobStep, roleAndLimit } from "./job";
import { vpcConfig } from "./network";
import { pinnedCodeUrl } from "./pin-code";
import { codeFolder, entryPoint, processingOutput, processingResources, wholeCopy } from "./processing";
import { jobTags } from "./reason";
import { processedVariables } from "./stage";

const dataFolder = "/opt/ml/processing/input/data";
const outputFolder = "/opt/ml/processing/output";

/**
 * Turns raw data into training and test data with a SageMaker processing job.
 *
 * The script gets `--input-data` and `--output-data`; its output in `train/` and `test/` becomes the training job's
 * channels of these names.
 */
export function preprocessingStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const job = (then: string) =>
    jobStep(workflow, "prep", {
      maxRuntimeInSeconds: settings.processing.maxRuntimeInSeconds,
      waitForCapacityInSeconds: settings.processing.waitForCapacityInSeconds,
      roleArn: references.roleArns.prep,
      request: request(workflow),
      assign: {
        processedDataUrl: jsonata`$states.result.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri`,
      },
      next: then,
    });
  const { codeKey, entryPoint: script, arguments: more } = settings.processing;
  const cached = {
    parameters: {
      Code: codeOf(codeKey),
      EntryPoint: script,
      Arguments: [...more],
      Instances: instancesOf(settings.processing),
    },
    inputs: { data: rawDataUrl(workflow) },
    status: "completed",
    result: { JobName: jsonata`$processingJobName` },
    variables: processedVariables(workflow, jsonata`${earlierResult}.JobName`),
    next,
  } as const;
  return cachedStep(workflow, "prep", cached, job);
}

function rawDataUrl({ references }: Workflow): Jsonata {
  return jsonata`${`s3://${references.dataBucketName}/`} & $dataPrefix`;
}

function request(workflow: Workflow): JsonObject {
  const { settings, references } = workflow;
  const { processing } = settings;
  const outputUrl = jsonata`${artifactUrl(workflow, prefixes.processedData)} & ${jobName(workflow, "prep")}`;
  return {
    AppSpecification: {
      ImageUri: references.imageUri,
      ContainerEntrypoint: entryPoint(processing.codeKey),
      ContainerArguments: [
        processing.entryPoint,
        ...["--input-data", dataFolder],
        ...["--output-data", outputFolder],
        ...processing.arguments,
      ],
    },
    ProcessingInputs: [
      input("data", rawDataUrl(workflow), dataFolder),
      input("code", pinnedCodeUrl(workflow, processing.codeKey), codeFolder),
    ],
    ProcessingOutputConfig: processingOutput("processed", outputUrl, outputFolder),
    ProcessingResources: processingResources(processing),
    ...(settings.vpc === undefined ? {} : { NetworkConfig: vpcConfig(workflow) }),
    Tags: jobTags(workflow),
    ...roleAndLimit(references.roleArns.prep, processing.maxRuntimeInSeconds),
  };
}

function input(inputName: string, url: Jsonata, localPath: string) {
  return { InputName: inputName, S3Input: { S3Uri: url, ...wholeCopy(localPath) } };
}
