import { type JsonObject, jsonata } from "../asl/jsonata";
import type { DecidedReason } from "../execution-input";
import type { Gate } from "../gate";
import type { Workflow } from "../settings";
import type { Step } from "../step";
import { reportedReason } from "./reason";

const modelPackageArn = jsonata`$modelPackageArn`;

/** The report on a model that passed the gate. */
function trained({ settings }: Workflow): JsonObject {
  return {
    Metrics: jsonata`$evaluation.Metrics`,
    Gate: {
      Metric: jsonata`$evaluation.Metric`,
      Value: jsonata`$evaluation.Value`,
      Threshold: jsonata`$threshold`,
      Better: jsonata`$evaluation.Better`,
      Reason: jsonata`$evaluation.Reason`,
    },
    Reason: reportedReason,
    ProcessingJobName: jsonata`$processingJobName`,
    TrainingJobName: jsonata`$trainingJobName`,
    ...(settings.tuning !== undefined && { Tuning: tuned }),
    ModelPackageArn: modelPackageArn,
    ProcessedDataUrl: jsonata`$processedDataUrl`,
    ModelDataUrl: jsonata`$modelDataUrl`,
    EvaluationUrl: jsonata`$evaluation.EvaluationUrl`,
    ...(settings.cache && { Cache: jsonata`$cache` }),
    IgnoredInput: jsonata`$ignoredInput`,
  };
}

/** JSONata: what the tuning has found; empty if the input switched it off. */
const tuned = jsonata`$tuningJobName = "" ? {} : {
  "JobName": $tuningJobName,
  "HyperParameters": $hyperparameters
}`;

/** The report on a release. */
const released = {
  ModelName: jsonata`$modelName`,
  EndpointConfigName: jsonata`$endpointConfigName`,
  EndpointName: jsonata`$endpointName`,
  Superseded: jsonata`$superseded`,
  Warnings: jsonata`$warnings`,
};

/** Ends the workflow with its report: the execution's output. */
export function reportStep(workflow: Workflow): Step {
  return succeed("MLPipelineComplete", { ...trained(workflow), ...released });
}

/** Ends the workflow with its report, to wait for approval. */
export function approvalReportStep(workflow: Workflow): Step {
  return succeed("WaitingForApproval", trained(workflow));
}

/** Ends a release with its report. */
export function releaseReportStep(): Step {
  return succeed("ReleaseComplete", { ModelPackageArn: modelPackageArn, ...released });
}

function succeed(name: string, Output: JsonObject): Step {
  return { states: { [name]: { Type: "Succeed", Output } }, policyStatements: [] };
}

/** Why a step's job ran, or did not. */
export interface CacheReport {
  /** Whether the result of an earlier job was used. */
  readonly Hit: boolean;
  readonly Reason: string;
  /** The job whose result was used, or the nearest earlier one; absent if there is none. */
  readonly JobName?: string;
  /** Its execution. */
  readonly Execution?: string;
  readonly RecordedAt?: string;
  /** What differs from the nearest earlier result: at most ten fields, with shortened values. */
  readonly Changes?: readonly {
    readonly Field: string;
    readonly Old: string | number | boolean | null;
    readonly New: string | number | boolean | null;
  }[];
  /** Whether the result of the job was recorded; absent if no job ran. */
  readonly Recorded?: boolean;
  /** Why it was not. */
  readonly NotRecorded?: string;
}

/** The output of a successful execution. */
export interface ExecutionReport {
  /** Everything in evaluation.json. */
  readonly Metrics: Readonly<Record<string, number>>;
  readonly Gate: {
    readonly Metric: string;
    readonly Value: number;
    readonly Threshold: number;
    readonly Better: Gate["better"];
    /** The reason for the decision, with the numbers of a comparison. */
    readonly Reason: string;
  };
  /** Why it ran, as its input says; null if that says nothing. */
  readonly Reason: DecidedReason | null;
  readonly ProcessingJobName: string;
  readonly TrainingJobName: string;
  /** Only of a workflow with tuning; empty if the input switched it off. */
  readonly Tuning?: {
    readonly JobName?: string;
    /** Those of the best training job. */
    readonly HyperParameters?: Readonly<Record<string, string>>;
  };
  /** The registered version; if it waits for approval, the keys of a release are absent. */
  readonly ModelPackageArn: string;
  readonly ModelName?: string;
  readonly EndpointConfigName?: string;
  readonly EndpointName?: string;
  /** Whether another execution updated the endpoint before this one saw its own model in service. */
  readonly Superseded?: boolean;
  /** What failed after the model was in service. */
  readonly Warnings?: readonly string[];
  readonly ProcessedDataUrl: string;
  readonly ModelDataUrl: string;
  readonly EvaluationUrl: string;
  /** By state; only of a workflow with a cache. A state that an execution left out, or did not reach, is absent. */
  readonly Cache?: Readonly<Record<string, CacheReport>>;
  /** Keys of the input that have no effect. */
  readonly IgnoredInput: readonly string[];
}
