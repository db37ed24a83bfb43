/** How the workflow fails: every error ends in a named Fail state that tells state, job and reason. */

import { expression, type Jsonata, jsonata } from "./asl/jsonata";
import type { Catcher, FailState } from "./asl/states";

/** Errors that an execution can end with, and what each means. */
export const failures = {
  InvalidInput: "The execution input is wrong; nothing was started.",
  PreparationFailed:
    "The code could not be copied to the execution's own folder, or the data not be looked up.",
  ProcessingJobFailed: "The processing job failed, or could not be started.",
  TrainingJobFailed: "The training job failed, or could not be started.",
  ComparisonFailed: "The comparison job failed, or the model that serves could not be read.",
  EvaluationFailed: "The evaluation function failed, or found no usable metrics.",
  ModelPerformanceInsufficient:
    "The model's metric does not pass the threshold, or it is no better than the model that serves; nothing was released.",
  RegistrationFailed: "The model could not be copied to where it is kept, or not be registered.",
  PackageUnusable:
    "The registered version is not approved, not complete, without metrics, or its files are gone or not those that were registered; nothing was deployed.",
  ExperimentRunning:
    "Several production variants share the endpoint's traffic: end that A/B test first (`npm run experiment`). The endpoint was not changed.",
  DeploymentFailed: "The model could not be put in service, or the endpoint is not this workflow's.",
  RolledBack:
    "The new model did not start, or an alarm or the smoke test refused it; the endpoint is again what it was before.",
  RollbackFailed:
    "The smoke test refused the new model, and the endpoint could not go back to what served before.",
  AutoscalingFailed: "The model serves; its scaling is not set.",
} as const;

export type FailureName = keyof typeof failures;

/** Longest reason of a failure, in characters; a JSON text of it has six times as many at most. */
const maxReason = 2000;
/** Longest of its other texts. */
const maxDetail = 500;

/** JSONata: why the call failed that was caught, where nothing else tells. */
export const caughtCause = jsonata`$exists($states.errorOutput.Cause)
  ? $substring($states.errorOutput.Cause, 0, ${maxReason}) : $states.errorOutput.Error`;

/**
 * JSONata: what a caught error tells, as `{state, error, job, reason}`.
 *
 * A failed job's cause is its description as JSON; any other cause is the reason itself.
 *
 * @param jobKey the description's key that holds the job's name
 */
export function caughtFailure(state: string, jobKey?: string): Jsonata {
  const job = expression(jobKey === undefined ? "" : `"job": $job.${jobKey},`);
  return jsonata`(
    $cause := $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : "";
    $job := $substring($cause, 0, 1) = "{" ? ($substring($cause, -1) = "}" ? $parse($cause) : {}) : {};
    $told := [$job.FailureReason, $job.ExitMessage, $job.errorMessage][$type($) = "string"];
    $reason := $count($told) > 0 ? $join($told, " ") : $cause = "" ? $states.errorOutput.Error : $cause;
    {
      "state": ${state},
      "error": $states.errorOutput.Error,
      ${job}
      "reason": $substring($reason, 0, ${maxReason})
    }
  )`;
}

/** Catches every error of `state`, keeps it in the variable `failure` and goes to `next`. */
export function catchAll(state: string, next: string, jobKey?: string): Catcher {
  return { ErrorEquals: ["States.ALL"], Assign: { failure: caughtFailure(state, jobKey) }, Next: next };
}

/**
 * The Fail state of one named failure; its cause is the JSON of `details`, an expression for an object.
 *
 * Texts are cut, so that the cause stays within its 32768 characters, whatever the data say.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
 */
export function failState(name: FailureName, details = jsonata`$failure`): FailState {
  const cause = jsonata`$string($merge($each(${details}, function($value, $key) {
    {$key: $type($value) = "string" ? $substring($value, 0, $key = "reason" ? ${maxReason} : ${maxDetail}) : $value}
  })))`;
  return { Type: "Fail", Comment: failures[name], Error: name, Cause: cause };
}
