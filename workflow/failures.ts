/** How the workflow fails: every error ends in a named Fail state whose cause has state, job and reason. */

import { expression, type Jsonata, type JsonObject, jsonata } from "./asl/jsonata";
import type { Catcher, FailState } from "./asl/states";

/** The errors of an execution, and their meaning. */
export const failures = {
  InvalidInput: "The execution input is invalid; nothing was started.",
  PreparationFailed:
    "The code could not be copied to the execution's own folder, or the data could not be found.",
  ProcessingJobFailed: "The processing job failed, or could not be started.",
  TrainingJobFailed: "The training job failed, or could not be started.",
  TuningJobFailed:
    "The tuning job failed, could not be started, or none of its training jobs reported the objective.",
  ComparisonFailed: "The comparison job failed, or the model in service could not be read.",
  EvaluationFailed: "The evaluation function failed, or found no usable metrics.",
  ModelPerformanceInsufficient:
    "The model's metric does not pass the threshold, or the model is not better than the one in service; nothing was released.",
  RegistrationFailed: "The model could not be copied to `model-artifacts/` or registered.",
  PackageUnusable:
    "The registered version is not approved, incomplete or without metrics, or its files are missing or have changed; nothing was deployed.",
  ExperimentRunning:
    "Several production variants share the endpoint's traffic: end the A/B test first (`npm run experiment`). The endpoint was not changed.",
  DeploymentFailed: "The model could not be put in service, or the endpoint is not this workflow's.",
  RolledBack:
    "The new model did not start, or an alarm or the smoke test refused it; the endpoint is as it was before.",
  RollbackFailed: "The smoke test refused the new model, and the endpoint could not be rolled back.",
  AutoscalingFailed: "The model is in service, but its scaling is not set.",
} as const;

/** The errors that only the monitor's executions have. */
export const monitorFailures = {
  NothingToMonitor: "No model is in service on the endpoint, or its artifact cannot be found.",
  MonitoringFailed:
    "The monitor's job failed or could not be started, what it reads could not be found, its verdict could not be recorded, or no retraining could be asked for.",
} as const;

/** The errors that only decisions on a retraining have. */
export const retrainFailures = {
  DecisionFailed:
    "What the decision on a retraining needs could not be read, or the workflow could not be started.",
  RecordFailed:
    "The decision on a retraining could not be kept, or no event could tell of it; the decision itself holds.",
} as const;

const allFailures = { ...failures, ...monitorFailures, ...retrainFailures };

export type FailureName = keyof typeof allFailures;

/** Whether an execution's error is a failure of its workflow: one that was caught, and ended in a Fail state. */
export function isNamedFailure(error: string): error is FailureName {
  return error in allFailures;
}

/** Maximum length of a failure's reason, in characters; as JSON text it has at most six times as many. */
const maxReason = 2000;
/** Maximum length of its other texts. */
const maxDetail = 500;

/** JSONata: why a call failed, from the caught error; a timeout has no cause. */
export const caughtCause = jsonata`$length($states.errorOutput.Cause) > 0
  ? $substring($states.errorOutput.Cause, 0, ${maxReason}) : $states.errorOutput.Error`;

/**
 * JSONata: a caught error as `{state, error, job, reason}`.
 *
 * A failed job's cause is its description as JSON; any other cause is the reason itself.
 *
 * @param jobKey the description's key with the job's name
 */
export function caughtFailure(state: string, jobKey?: string): Jsonata {
  const job = expression(jobKey === undefined ? "" : `"job": $job.${jobKey},`);
  return jsonata`(
    $cause := $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : "";
    $job := $substring($cause, 0, 1) = "{" ? ($substring($cause, -1) = "}" ? $parse($cause) : {}) : {};
    $reasons := [$job.FailureReason, $job.ExitMessage, $job.errorMessage][$type($) = "string"];
    $reason := $count($reasons) > 0 ? $join($reasons, " ") : $cause = "" ? $states.errorOutput.Error : $cause;
    {
      "state": ${state},
      "error": $states.errorOutput.Error,
      ${job}
      "reason": $substring($reason, 0, ${maxReason})
    }
  )`;
}

/** JSONata: the description of the job that failed, from the caught error; empty if the cause is none. */
export const caughtJob = jsonata`(
  $cause := $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : "";
  $substring($cause, 0, 1) = "{" ? ($substring($cause, -1) = "}" ? $parse($cause) : {}) : {}
)`;

/** Catches every error of `state`, assigns it to the variable `failure` and transitions to `next`. */
export function catchAll(state: string, next: string, jobKey?: string, more: JsonObject = {}): Catcher {
  return {
    ErrorEquals: ["States.ALL"],
    Assign: { failure: caughtFailure(state, jobKey), ...more },
    Next: next,
  };
}

/**
 * The Fail state of one named failure; its cause is the JSON of `details`, an expression for an object.
 *
 * Texts are shortened, so that the cause never exceeds its 32768 characters.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
 */
export function failState(name: FailureName, details = jsonata`$failure`): FailState {
  const cause = jsonata`$string($merge($each(${details}, function($value, $key) {
    {$key: $type($value) = "string" ? $substring($value, 0, $key = "reason" ? ${maxReason} : ${maxDetail}) : $value}
  })))`;
  return { Type: "Fail", Comment: allFailures[name], Error: name, Cause: cause };
}
