import { bucketArn } from "../arns";
import { s3Retry } from "../asl/retries";
import { jsonata, literal, otherwise } from "../asl/states";
import { inputProblems } from "../execution-input";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { executionFolder } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkCall } from "../step";

/** Checks the execution input and sets the execution's variables from it and the defaults. */
export function inputStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const { hyperparameters } = settings.training;
  const rules = { dataPrefix: settings.dataPrefix, hyperparameters: Object.keys(hyperparameters) };
  const input = "$states.context.Execution.Input";
  return {
    states: {
      ReadInput: {
        Type: "Pass",
        Assign: { inputProblems: jsonata(inputProblems(input, rules)) },
        Next: "CheckInput",
      },
      CheckInput: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata("$count($inputProblems) = 0"),
            Assign: {
              executionFolder: jsonata(executionFolder),
              dataPrefix: jsonata(
                `$exists(${input}.DataPrefix) ? ${input}.DataPrefix : ${literal(settings.dataPrefix)}`,
              ),
              threshold: jsonata(
                `$exists(${input}.Threshold) ? ${input}.Threshold : ${settings.gate.threshold}`,
              ),
              // SageMaker's map holds strings only.
              hyperparameters: jsonata(`$merge([
                ${JSON.stringify(hyperparameters)},
                $merge($each(${input}.HyperParameters, function($value, $key) { {$key: $string($value)} }))
              ])`),
              ignoredInput: jsonata(`[$exists(${input}.ModelDataUrl) ? "ModelDataUrl" : []]`),
              attempt: 1,
            },
            Next: "FindData",
          },
          otherwise({ failure: inputFailure("CheckInput") }, "InvalidInput"),
        ],
      },
      FindData: {
        Type: "Task",
        Comment: "An empty prefix is found here in a moment, not by the job after minutes.",
        Resource: sdkCall(workflow, "s3", "listObjectsV2"),
        Arguments: { Bucket: references.dataBucketName, Prefix: jsonata("$dataPrefix"), MaxKeys: 1 },
        Assign: {
          inputProblems: jsonata(`$states.result.KeyCount > 0 ? [] : [
            ${literal(`There is no object under s3://${references.dataBucketName}/`)} & $dataPrefix
              & ": put the data there, or name another DataPrefix"
          ]`),
        },
        TimeoutSeconds: 60,
        Retry: s3Retry,
        Catch: [catchAll("FindData", "PreparationFailed")],
        Next: "DataFound",
      },
      DataFound: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata("$count($inputProblems) = 0"), Next: next },
          otherwise({ failure: inputFailure("FindData") }, "InvalidInput"),
        ],
      },
      InvalidInput: failState("InvalidInput"),
      PreparationFailed: failState("PreparationFailed"),
    },
    policyStatements: [
      allow(["s3:ListBucket"], [bucketArn(references, references.dataBucketName)], {
        conditions: { StringLike: { "s3:prefix": `${settings.dataPrefix}*` } },
      }),
    ],
  };
}

function inputFailure(state: string) {
  return jsonata(`{"state": ${literal(state)}, "reason": $join($inputProblems, "; ")}`);
}
