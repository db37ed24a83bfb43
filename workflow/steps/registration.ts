import { arn } from "../arns";
import { type JsonObject, jsonata } from "../asl/jsonata";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { mediaTypes } from "../media-types";
import { baseName } from "../names";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { modelContainer } from "./model";
import { reasonText } from "./reason";
import { packageArn } from "./resource-arns";

/** JSONata: the hyperparameters, shortened to the limit of a property; the training job has all of them. */
const hyperparametersText = jsonata`(
  $told := $each($hyperparameters, function($value, $name) { $name & "=" & $value });
  $exists($told) ? $substring($replace($join($told, " "), /[^A-Za-z0-9 _.:/=+@-]/, "-"), 0, 256) : "none"
)`;

/** Registers the model that has passed the gate as the next version of its model package group. */
export function registrationStep(workflow: Workflow, next: string): Step {
  const group = baseName(workflow.settings);
  const approvalStatus = workflow.settings.approval === "automatic" ? "Approved" : "PendingManualApproval";
  return {
    states: {
      RegisterModel: sdkTask(workflow, "sagemaker", "createModelPackage", {
        Arguments: request(workflow, group, approvalStatus),
        Assign: { modelPackageArn: jsonata`$states.result.ModelPackageArn`, looks: 0 },
        TimeoutSeconds: 300,
        Catch: [catchAll("RegisterModel", "RegistrationFailed")],
        Next: next,
      }),
      RegistrationFailed: failState("RegistrationFailed"),
    },
    policyStatements: [
      allow(
        ["sagemaker:CreateModelPackage"],
        [arn(workflow.references, "sagemaker", `model-package-group/${group}`), packageArn(workflow)],
        // With manual approval the state machine may not approve. A request without a status waits for approval.
        { conditions: { StringEqualsIfExists: { "sagemaker:ModelApprovalStatus": approvalStatus } } },
      ),
    ],
  };
}

function request(workflow: Workflow, group: string, approvalStatus: string): JsonObject {
  const { endpoint } = workflow.settings;
  return {
    ModelPackageGroupName: group,
    ModelPackageDescription: jsonata`"Trained by execution " & $states.context.Execution.Name`,
    InferenceSpecification: {
      Containers: [modelContainer(workflow, jsonata`$modelDataUrl`)],
      SupportedContentTypes: Object.values(mediaTypes),
      SupportedResponseMIMETypes: Object.values(mediaTypes),
      // Optional for a version; a serverless endpoint has no instance type, and its version may move to any.
      ...(endpoint.kind === "instance" && {
        SupportedRealtimeInferenceInstanceTypes: [endpoint.instanceType],
      }),
    },
    ModelMetrics: {
      ModelQuality: {
        Statistics: { ContentType: "application/json", S3Uri: jsonata`$evaluation.EvaluationUrl` },
      },
    },
    ModelApprovalStatus: approvalStatus,
    CustomerMetadataProperties: properties(workflow),
    MetadataProperties: { GeneratedBy: jsonata`$states.context.Execution.Id` },
    // A retry must not create a second version.
    ClientToken: jsonata`$substring($hash($states.context.Execution.Id & $states.context.Execution.StartTime, "SHA-256"), 0, 36)`,
  };
}

/** The properties of a version that document its origin. */
function properties(workflow: Workflow): JsonObject {
  const { gate } = workflow.settings;
  return {
    // Values allow fewer characters than execution names do.
    execution: jsonata`$replace($states.context.Execution.Name, /[^A-Za-z0-9_.:=+@-]/, "-")`,
    reason: reasonText,
    trainingJob: jsonata`$trainingJobName`,
    processedData: jsonata`$processedDataUrl`,
    code: jsonata`${`s3://${workflow.references.bucketName}/${prefixes.executionCode}`} & $executionFolder & "/"`,
    hyperparameters: hyperparametersText,
    metric: gate.metric,
    value: jsonata`$string($evaluation.Value)`,
    threshold: jsonata`$string($threshold)`,
    better: gate.better,
    // A release compares the files with these; base64, as in S3.
    modelSha256: jsonata`$modelSha256`,
    evaluationSha256: jsonata`$evaluation.EvaluationSha256`,
  };
}
