import { arn, bucketArn } from "../arns";
import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { otherwise, type TaskState } from "../asl/states";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { folderRules } from "../monitoring/monitor";
import { stableEndpointName } from "../names";
import { prefixes } from "../prefixes";
import type { MonitorSettings, Workflow } from "../settings";
import { artifactUrl, executionTags, type Step, sdkTask } from "../step";
import { championStep } from "./champion";
import { jobStep, roleAndLimit } from "./job";
import { vpcConfig } from "./network";
import { pinnedCodeUrl } from "./pin-code";
import { codeFolder, entryPoint, processingOutput, processingResources, wholeCopy } from "./processing";

const inputFolder = "/opt/ml/processing/input";
const outputFolder = "/opt/ml/processing/output/report";

/** JSONata: the start of the keys of this run's reports. */
export const reportFolder = jsonata`${prefixes.monitorReports} & $endpointName & "/" & $executionFolder`;

/** JSONata: the start of the key of the newest report on the endpoint. */
export const latestFolder = jsonata`${prefixes.latestReports} & $endpointName`;

/** Finds the model that serves at the workflow's own endpoint, since when, and where its requests are captured. */
export function monitoredModelStep(workflow: Workflow, next: string): Step {
  const name = stableEndpointName(workflow.settings);
  return championStep(workflow, next, {
    failure: "MonitoringFailed",
    ofEndpoint: name,
    endpoints: [arn(workflow.references, "sagemaker", `endpoint/${name}`)],
    ofConfig: {
      championVariant: jsonata`$states.result.ProductionVariants[0].VariantName`,
      championSince: jsonata`$toMillis($states.result.CreationTime)`,
      capturedIn: jsonata`(
        $url := $states.result.DataCaptureConfig.DestinationS3Uri;
        $exists($url) ? $url : ""
      )`,
    },
  });
}

/**
 * Finds which of the folders have objects: a job that reads an empty one fails, and a window without requests is one to
 * report.
 */
export function findCapturedStep(workflow: Workflow, monitor: MonitorSettings, next: string): Step {
  const { bucketName } = workflow.references;
  const problem = nothingToMonitor(`s3://${bucketName}/${monitor.capturePrefix}`);
  const prefixesRead = [`${monitor.capturePrefix}*`, `${prefixes.labels}*`, `${prefixes.latestReports}*`];
  return {
    states: {
      ModelServes: {
        Type: "Choice",
        Choices: [
          // Of requests to an earlier model, the baseline of this one says nothing.
          {
            Condition: jsonata`(${problem}) = ""`,
            Assign: {
              captured: capturedFolders(monitor),
              windowStart: jsonata`$max([$windowStart, $championSince])`,
            },
            Next: "FindCaptured",
          },
          otherwise({ failure: jsonata`{"state": "ModelServes", "reason": ${problem}}` }, "NothingToMonitor"),
        ],
      },
      NothingToMonitor: failState("NothingToMonitor"),
      FindCaptured: {
        Type: "Map",
        Items: jsonata`$append($captured, [
          {"name": "labels", "folder": "labels", "prefix": ${prefixes.labels}},
          {"name": "history", "folder": "history", "prefix": ${latestFolder} & "/"}
        ])`,
        ItemProcessor: {
          ProcessorConfig: { Mode: "INLINE" },
          StartAt: "FindFolder",
          States: { FindFolder: findFolder(workflow) },
        },
        Assign: { monitorInputs: jsonata`[$states.result[found]]` },
        Catch: [catchAll("FindCaptured", "MonitoringFailed")],
        Next: next,
      },
    },
    policyStatements: [
      allow(["s3:ListBucket"], [bucketArn(workflow.references, bucketName)], {
        conditions: { StringLike: { "s3:prefix": prefixesRead } },
      }),
    ],
  };
}

/** JSONata: why there is nothing to judge; empty if there is. */
function nothingToMonitor(prefixUrl: string): Jsonata {
  return jsonata`$championUrl = "" ? "No model is in service on the endpoint " & $endpointName
    : $capturedIn & "/" != ${prefixUrl}
      ? "The endpoint " & $endpointName & " does not capture its requests under " & ${prefixUrl} & " yet: release a model"
    : $championSince >= $windowEnd
      ? "The window ends before the model in service was released, at " & $fromMillis($championSince)
    : ""`;
}

/** JSONata: the folders in which the window's requests were captured: one for each hour or, of a long window, for each day. */
function capturedFolders({ capturePrefix }: MonitorSettings): Jsonata {
  const { hour, day, margin, hourlyUpTo } = folderRules;
  return jsonata`(
    $step := $windowEnd - $windowStart <= ${hourlyUpTo} ? ${hour} : ${day};
    $first := $floor(($windowStart - ${margin}) / $step) * $step;
    [[0..$ceil(($windowEnd + ${margin} - $first) / $step) - 1].(
      $path := $replace($substring($fromMillis($first + $ * $step), 0, $step = ${hour} ? 13 : 10), /[-T]/, "/");
      {
        "name": "capture-" & $,
        "folder": "capture/" & $,
        "prefix": ${capturePrefix} & $endpointName & "/" & $championVariant & "/" & $path & "/"
      }
    )]
  )`;
}

function findFolder(workflow: Workflow): TaskState {
  return sdkTask(workflow, "s3", "listObjectsV2", {
    Arguments: {
      Bucket: workflow.references.bucketName,
      Prefix: jsonata`$states.input.prefix`,
      MaxKeys: 1,
    },
    Output: jsonata`$merge([$states.input, {
      "found": $exists($states.result.KeyCount) ? $states.result.KeyCount > 0 : $error("The list has no KeyCount")
    }])`,
    End: true,
  });
}

/** Compares what was captured in the window with the baseline in the artifact of the model in service. */
export function monitorJobStep(workflow: Workflow, monitor: MonitorSettings, next: string): Step {
  const roleArn = workflow.references.roleArns.monitor;
  if (roleArn === undefined) {
    throw new Error("monitor needs a role: set roleArns.monitor to the ARN of its jobs' role");
  }
  return jobStep(workflow, "monitor", {
    maxRuntimeInSeconds: monitor.maxRuntimeInSeconds,
    waitForCapacityInSeconds: monitor.waitForCapacityInSeconds,
    roleArn,
    request: request(workflow, monitor, roleArn),
    assign: {},
    next,
  });
}

function request(workflow: Workflow, monitor: MonitorSettings, roleArn: string): JsonObject {
  const { settings, references } = workflow;
  return {
    AppSpecification: {
      ImageUri: references.imageUri,
      ContainerEntrypoint: entryPoint(monitor.codeKey),
      ContainerArguments: containerArguments(workflow, monitor),
    },
    ProcessingInputs: jsonata`$append(
      [
        ${input(jsonata`"code"`, codeFolder, pinnedCodeUrl(workflow, monitor.codeKey))},
        ${input(jsonata`"model"`, `${inputFolder}/model`, jsonata`$championUrl`)}
      ],
      [$monitorInputs.(${input(
        jsonata`name`,
        jsonata`${`${inputFolder}/`} & folder`,
        artifactUrl(workflow, jsonata`prefix`),
      )})]
    )`,
    ProcessingOutputConfig: processingOutput("report", artifactUrl(workflow, reportFolder), outputFolder),
    ProcessingResources: processingResources(monitor),
    ...(settings.vpc === undefined ? {} : { NetworkConfig: vpcConfig(workflow) }),
    Tags: executionTags(workflow),
    ...roleAndLimit(roleArn, monitor.maxRuntimeInSeconds),
  };
}

function containerArguments({ settings: { gate } }: Workflow, monitor: MonitorSettings): Jsonata {
  return jsonata`$append(
    [
      ${monitor.entryPoint},
      "--start", $fromMillis($windowStart),
      "--end", $fromMillis($windowEnd),
      "--metric", ${gate.metric}
    ],
    ${monitor.arguments}
  )`;
}

/** JSONata: one input of the job. */
function input(name: Jsonata, localPath: string | Jsonata, url: Jsonata): Jsonata {
  return jsonata`{
    "InputName": ${name},
    "S3Input": $merge([${wholeCopy("")}, {"LocalPath": ${localPath}, "S3Uri": ${url}}])
  }`;
}
