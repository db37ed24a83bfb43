import { expression, type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import type { ChoiceRule } from "../asl/states";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { type StageName, stageChoice, stageNames, stages } from "../stages";
import { artifactUrl, type Step } from "../step";

const from = jsonata`$states.context.Execution.Input.From`;

/**
 * Starts where the execution input says: at the beginning, or at a stage with the results of earlier jobs.
 *
 * @param training the state with which the training begins
 */
export function stageStep(workflow: Workflow, first: string, training: string): Step {
  return {
    states: {
      [stageChoice]: {
        Type: "Choice",
        Choices: stageNames.map((name) => startAt(workflow, name, training)),
        Default: first,
      },
    },
    policyStatements: [],
  };
}

function startAt(workflow: Workflow, name: StageName, training: string): ChoiceRule {
  const { enters, needs, ignores } = stages[name];
  return {
    Condition: jsonata`${from}.State = ${name}`,
    Assign: {
      ...processedVariables(workflow, jsonata`${from}.ProcessingJobName`),
      ...((needs as readonly string[]).includes("TrainingJobName")
        ? trainedVariables(workflow, jsonata`${from}.TrainingJobName`)
        : {}),
      ignoredInput: ignored(
        ignores.filter((key) => key !== "Tuning" || workflow.settings.tuning !== undefined),
      ),
    },
    Next: name === "ModelTraining" ? training : enters,
  };
}

/** The variables of a processing job, from an earlier job's name. */
export function processedVariables(workflow: Workflow, job: Jsonata): JsonObject {
  return {
    processingJobName: job,
    processedDataUrl: artifactUrl(workflow, jsonata`${prefixes.processedData} & ${job}`),
  };
}

/** The variables of a training job, from an earlier job's name. */
export function trainedVariables(workflow: Workflow, job: Jsonata): JsonObject {
  const key = jsonata`${prefixes.trainingOutput} & ${job} & "/output/model.tar.gz"`;
  return {
    trainingJobName: job,
    trainedModelUrl: artifactUrl(workflow, key),
    // The earlier execution may have registered its copy, which must stay as it is.
    copySuffix: jsonata`"-" & $executionFolder`,
  };
}

function ignored(keys: readonly string[]): Jsonata {
  const given = keys.map((key) => expression(`$exists($states.context.Execution.Input.${key}) ? "${key}"`));
  return jsonata`$append($ignoredInput, ${given})`;
}
