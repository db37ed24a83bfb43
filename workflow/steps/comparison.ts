import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import type { Workflow, WorkflowSettings } from "../settings";
import type { Step } from "../step";
import { jobStep, roleAndLimit } from "./job";
import { vpcConfig } from "./network";
import { pinnedCodeUrl } from "./pin-code";
import { codeFolder, entryPoint, processingOutput, processingResources, wholeCopy } from "./processing";
import { jobTags } from "./reason";

type Comparison = NonNullable<WorkflowSettings["comparison"]>;

const folders = {
  challenger: "/opt/ml/processing/input/challenger",
  champion: "/opt/ml/processing/input/champion",
  holdout: "/opt/ml/processing/input/holdout",
  output: "/opt/ml/processing/output",
} as const;

/** JSONata: the folder that the job writes to. */
const outputUrl = jsonata`$substringBefore($modelDataUrl, "/output/model.tar.gz") & "/comparison"`;

/**
 * Compares the new model with the champion, on the same held-out data, with a processing job.
 *
 * Without a champion the job gets no such argument, and reports it.
 */
export function comparisonStep(workflow: Workflow, comparison: Comparison, next: string): Step {
  const roleArn = workflow.references.roleArns.compare;
  if (roleArn === undefined) {
    throw new Error("comparison needs a role: set roleArns.compare to the ARN of its jobs' role");
  }
  return jobStep(workflow, "compare", {
    maxRuntimeInSeconds: comparison.maxRuntimeInSeconds,
    waitForCapacityInSeconds: comparison.waitForCapacityInSeconds,
    roleArn,
    request: request(workflow, comparison, roleArn),
    assign: { comparisonUrl: jsonata`${outputUrl} & "/comparison.json"` },
    next,
  });
}

function request(workflow: Workflow, comparison: Comparison, roleArn: string): JsonObject {
  const { settings, references } = workflow;
  return {
    AppSpecification: {
      ImageUri: references.imageUri,
      ContainerEntrypoint: entryPoint(comparison.codeKey),
      ContainerArguments: containerArguments(comparison, settings.gate.metric),
    },
    ProcessingInputs: jsonata`$append(
      [
        ${input("challenger", jsonata`$modelDataUrl`, folders.challenger)},
        ${input("holdout", jsonata`$processedDataUrl & "/holdout/"`, folders.holdout)},
        ${input("code", pinnedCodeUrl(workflow, comparison.codeKey), codeFolder)}
      ],
      $championUrl = "" ? [] : [${input("champion", jsonata`$championUrl`, folders.champion)}]
    )`,
    ProcessingOutputConfig: processingOutput("comparison", outputUrl, folders.output),
    ProcessingResources: processingResources(comparison),
    ...(settings.vpc === undefined ? {} : { NetworkConfig: vpcConfig(workflow) }),
    Tags: jobTags(workflow),
    ...roleAndLimit(roleArn, comparison.maxRuntimeInSeconds),
  };
}

function containerArguments(comparison: Comparison, metric: string): Jsonata {
  const always = [
    comparison.entryPoint,
    ...["--challenger", folders.challenger],
    ...["--test-data", folders.holdout],
    ...["--output", folders.output],
    ...["--metric", metric],
    ...comparison.arguments,
  ];
  return jsonata`$append(
    ${always},
    $championUrl = "" ? [] : ["--champion", ${folders.champion}]
  )`;
}

/** JSONata: one input of the job. */
function input(name: string, url: Jsonata, localPath: string): Jsonata {
  return jsonata`{"InputName": ${name}, "S3Input": $merge([${wholeCopy(localPath)}, {"S3Uri": ${url}}])}`;
}
