import { bucketArn } from "../arns";
import { jsonata } from "../asl/jsonata";
import { firstAttempt } from "../asl/retries";
import { type ChoiceState, otherwise, type TaskState } from "../asl/states";
import { type InputRules, inputProblems } from "../execution-input";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { baseName, executionFolder } from "../names";
import type { Workflow, WorkflowSettings } from "../settings";
import { type Step, sdkTask } from "../step";
import { tuningOf } from "../tuning/input";
import type { TuningSettings } from "../tuning/props";

const input = jsonata`$states.context.Execution.Input`;

/** Checks the execution input and sets the execution's variables from it and the defaults. */
export function inputStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  return {
    states: {
      ReadInput: {
        Type: "Pass",
        Assign: { inputProblems: inputProblems(input, inputRules(settings)) },
        Next: "CheckInput",
      },
      CheckInput: checkInput(settings),
      FindData: findData(workflow),
      DataFound: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata`$count($inputProblems) = 0`, Next: next },
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

/** The rules for the input of a deployed workflow. */
export function inputRules(settings: WorkflowSettings): InputRules {
  const { dataPrefix, training, tuning } = settings;
  const hyperparameters = Object.keys(training.hyperparameters);
  return { dataPrefix, hyperparameters, tuning, baseName: baseName(settings) };
}

function checkInput({ cache, dataPrefix, gate, training, tuning }: WorkflowSettings): ChoiceState {
  return {
    Type: "Choice",
    Choices: [
      {
        Condition: jsonata`$count($inputProblems) = 0`,
        Assign: {
          executionFolder,
          dataPrefix: jsonata`$exists(${input}.DataPrefix) ? ${input}.DataPrefix : ${dataPrefix}`,
          threshold: jsonata`$exists(${input}.Threshold) ? ${input}.Threshold : ${gate.threshold}`,
          // SageMaker's map contains strings only.
          hyperparameters: jsonata`$merge([
            ${training.hyperparameters},
            $merge($each(${input}.HyperParameters, function($value, $key) { {$key: $string($value)} }))
          ])`,
          ignoredInput: jsonata`[$exists(${input}.ModelDataUrl) ? "ModelDataUrl" : []]`,
          copySuffix: jsonata`""`,
          ...firstAttempt,
          ...(cache && { cache: jsonata`{}` }),
          ...(tuning === undefined ? {} : tuningVariables(tuning)),
        },
        Next: "FindData",
      },
      otherwise({ failure: inputFailure("CheckInput") }, "InvalidInput"),
    ],
  };
}

/** What an execution tunes; a single training leaves the name of the tuning job empty. */
function tuningVariables(tuning: TuningSettings) {
  const given = jsonata`${input}.Tuning`;
  return {
    tuning: tuningOf(given, tuning),
    tuningJobName: jsonata`""`,
    ignoredInput: jsonata`[
      $exists(${input}.ModelDataUrl) ? "ModelDataUrl" : [],
      $exists(${input}.TrainingJobName) and $not($type(${given}) = "boolean" or $exists(${input}.From.TrainingJobName))
        ? "TrainingJobName" : []
    ]`,
  };
}

function findData(workflow: Workflow): TaskState {
  const { dataBucketName } = workflow.references;
  return sdkTask(workflow, "s3", "listObjectsV2", {
    Comment: "Detects an empty prefix at once, instead of minutes later in the job.",
    Arguments: { Bucket: dataBucketName, Prefix: jsonata`$dataPrefix`, MaxKeys: 1 },
    Assign: {
      inputProblems: jsonata`$states.result.KeyCount > 0 ? [] : [
        ${`There is no object under s3://${dataBucketName}/`} & $dataPrefix
          & ": upload the data, or set another DataPrefix"
      ]`,
    },
    Catch: [catchAll("FindData", "PreparationFailed")],
    Next: "DataFound",
  });
}

function inputFailure(state: string) {
  return jsonata`{"state": ${state}, "reason": $join($inputProblems, "; ")}`;
}
