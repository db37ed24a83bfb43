import { arn } from "../arns";
import { sageMakerRetry } from "../asl/retries";
import { jsonata, literal, type TaskState } from "../asl/states";
import { catchAll, caughtCause } from "../failures";
import { allow } from "../iam";
import { baseName, endpointName, freshName } from "../names";
import { vpcConfig, type Workflow, type WorkflowSettings } from "../settings";
import { executionTags, type Step, sdkCall } from "../step";
import { jobStep } from "./job";
import { pinnedCodeUrl } from "./pin-code";
import { codeFolder, entryPoint, wholeCopy } from "./preprocessing";

const folders = {
  challenger: "/opt/ml/processing/input/challenger",
  champion: "/opt/ml/processing/input/champion",
  holdout: "/opt/ml/processing/input/holdout",
  output: "/opt/ml/processing/output",
} as const;

/**
 * Compares the new model with the one that serves, on the same held-out data, with a processing job.
 *
 * The champion is found by what the endpoint serves: configuration, model, model package. Without an endpoint that
 * serves there is none, and the job says so.
 */
export function comparisonStep(
  workflow: Workflow,
  comparison: NonNullable<WorkflowSettings["comparison"]>,
  next: string,
): Step {
  const { settings, references } = workflow;
  const roleArn = references.roleArns.compare;
  if (roleArn === undefined) {
    throw new Error("comparison: the role that its jobs run as is unknown; give its ARN as roleArns.compare");
  }
  const base = baseName(settings);
  const namePrefix = `${base}-compare-`;
  const outputUrl = '$substringBefore($modelDataUrl, "/output/model.tar.gz") & "/comparison"';
  const job = jobStep(workflow, {
    state: "ModelComparison",
    kind: "Processing",
    called: "Comparison",
    namePrefix,
    failure: "ComparisonFailed",
    retryAfterSeconds: 30,
    maxRuntimeInSeconds: comparison.maxRuntimeInSeconds,
    roleArn,
    request: {
      ProcessingJobName: jsonata(freshName(settings, "compare", undefined, "$attempt")),
      AppSpecification: {
        ImageUri: references.imageUri,
        ContainerEntrypoint: entryPoint(comparison.codeKey),
        ContainerArguments: jsonata(`$append(
          ${JSON.stringify([
            comparison.entryPoint,
            ...["--challenger", folders.challenger],
            ...["--test-data", folders.holdout],
            ...["--output", folders.output],
            ...["--metric", settings.gate.metric],
            ...comparison.arguments,
          ])},
          $championUrl = "" ? [] : ["--champion", ${literal(folders.champion)}]
        )`),
      },
      ProcessingInputs: jsonata(`$append(
        [
          ${input("challenger", "$modelDataUrl", folders.challenger)},
          ${input("holdout", '$processedDataUrl & "/holdout/"', folders.holdout)},
          ${input("code", pinnedCodeUrl(workflow, comparison.codeKey), codeFolder)}
        ],
        $championUrl = "" ? [] : [${input("champion", "$championUrl", folders.champion)}]
      )`),
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: "comparison",
            S3Output: { S3Uri: jsonata(outputUrl), LocalPath: folders.output, S3UploadMode: "EndOfJob" },
          },
        ],
      },
      ProcessingResources: {
        ClusterConfig: {
          InstanceCount: comparison.instanceCount,
          InstanceType: comparison.instanceType,
          VolumeSizeInGB: comparison.volumeSizeInGB,
        },
      },
      ...(settings.vpc === undefined ? {} : { NetworkConfig: vpcConfig(workflow) }),
      Tags: executionTags(workflow),
    },
    assign: { comparisonUrl: jsonata(`${outputUrl} & "/comparison.json"`) },
    next,
  });
  const none = jsonata('""');
  return {
    states: {
      FindChampion: {
        ...look(workflow, "describeEndpoint", { EndpointName: jsonata(endpointName(settings)) }),
        Assign: {
          championUrl: none,
          champion: jsonata(`{
            "serves": $states.result.EndpointStatus in ["InService", "Updating", "SystemUpdating", "RollingBack"],
            "config": $exists($states.result.EndpointConfigName) ? $states.result.EndpointConfigName : ""
          }`),
        },
        Catch: [
          {
            ErrorEquals: ["SageMaker.SageMakerException"],
            Assign: {
              championUrl: none,
              champion: jsonata(
                '{"serves": $not($contains($states.errorOutput.Cause, "Could not find")), "config": ""}',
              ),
              failure: jsonata(`{"state": "FindChampion", "reason": ${caughtCause}}`),
            },
            Next: "ChampionAbsent",
          },
          catchAll("FindChampion", "ComparisonFailed"),
        ],
        Next: "ChampionServes",
      },
      ChampionAbsent: {
        Type: "Choice",
        Choices: [{ Condition: jsonata("$not($champion.serves)"), Next: "ModelComparison" }],
        Default: "ComparisonFailed",
      },
      ChampionServes: {
        Type: "Choice",
        Choices: [{ Condition: jsonata("$champion.serves"), Next: "ReadChampionConfig" }],
        Default: "ModelComparison",
      },
      ReadChampionConfig: {
        ...look(workflow, "describeEndpointConfig", { EndpointConfigName: jsonata("$champion.config") }),
        Assign: { championModel: jsonata("$states.result.ProductionVariants[0].ModelName") },
        Catch: [catchAll("ReadChampionConfig", "ComparisonFailed")],
        Next: "ReadChampionModel",
      },
      ReadChampionModel: {
        ...look(workflow, "describeModel", { ModelName: jsonata("$championModel") }),
        Assign: {
          championPackage: jsonata(`(
            $container := $states.result.PrimaryContainer;
            $exists($container.ModelPackageName) ? $container.ModelPackageName : ""
          )`),
          championUrl: jsonata(`(
            $container := $states.result.PrimaryContainer;
            $exists($container.ModelDataUrl) ? $container.ModelDataUrl : ""
          )`),
        },
        Catch: [catchAll("ReadChampionModel", "ComparisonFailed")],
        Next: "ChampionRegistered",
      },
      ChampionRegistered: {
        Type: "Choice",
        Choices: [{ Condition: jsonata('$championPackage != ""'), Next: "ReadChampionPackage" }],
        Default: "ModelComparison",
      },
      ReadChampionPackage: {
        ...look(workflow, "describeModelPackage", { ModelPackageName: jsonata("$championPackage") }),
        Assign: { championUrl: jsonata("$states.result.InferenceSpecification.Containers[0].ModelDataUrl") },
        Catch: [catchAll("ReadChampionPackage", "ComparisonFailed")],
        Next: "ModelComparison",
      },
      ...job.states,
    },
    policyStatements: [
      ...job.policyStatements,
      allow(
        ["sagemaker:DescribeEndpointConfig"],
        [arn(workflow.references, "sagemaker", `endpoint-config/${base}-config-*`)],
      ),
      allow(["sagemaker:DescribeModel"], [arn(workflow.references, "sagemaker", `model/${base}-model-*`)]),
    ],
  };
}

function look(workflow: Workflow, action: string, Arguments: TaskState["Arguments"]) {
  return {
    Type: "Task",
    Resource: sdkCall(workflow, "sagemaker", action),
    Arguments,
    TimeoutSeconds: 60,
    Retry: action === "describeEndpoint" ? undefined : sageMakerRetry,
  } as const;
}

/** JSONata: one input of the job, its address given as JSONata. */
function input(name: string, url: string, localPath: string): string {
  const copy = JSON.stringify(wholeCopy(localPath));
  return `{"InputName": ${literal(name)}, "S3Input": $merge([${copy}, {"S3Uri": ${url}}])}`;
}
