/** The kinds of SageMaker jobs in the workflow, by the name that their jobs and roles contain. */

import type { ExecutionInput } from "./execution-input";
import type { FailureName } from "./failures";

/** What SageMaker and Step Functions call what belongs to the jobs of one API. */
const apis = {
  Processing: { resource: "processing-job", rule: "Processing", log: "Processing" },
  Training: { resource: "training-job", rule: "Training", log: "Training" },
  Transform: { resource: "transform-job", rule: "Transform", log: "Transform" },
  // Only its training jobs write logs; their names start with its own.
  HyperParameterTuning: { resource: "hyper-parameter-tuning-job", rule: "Tuning", log: "Training" },
} as const;

interface JobKindDescription {
  /** The kind's name in SageMaker's API. */
  readonly api: keyof typeof apis;
  /** How the workflow runs it; undefined if something else starts these jobs. */
  readonly step?: JobStepDescription;
}

/** How a step runs jobs of one kind. */
export interface JobStepDescription {
  /** Name of the state that runs the job. */
  readonly state: string;
  /** Part of the names of the job's other states and variables. */
  readonly called: string;
  readonly failure: FailureName;
  /** Key of the execution input that may name the job. */
  readonly nameKey?: keyof ExecutionInput;
  /** Wait before the second attempt, in seconds; the third waits twice as long. */
  readonly retryAfterSeconds: number;
}

export const jobKinds = {
  prep: {
    api: "Processing",
    step: {
      state: "DataPreprocessing",
      called: "Processing",
      failure: "ProcessingJobFailed",
      nameKey: "PreprocessingJobName",
      retryAfterSeconds: 30,
    },
  },
  train: {
    api: "Training",
    step: {
      state: "ModelTraining",
      called: "Training",
      failure: "TrainingJobFailed",
      nameKey: "TrainingJobName",
      retryAfterSeconds: 60,
    },
  },
  /** Many training jobs, if the workflow has a tuning. */
  tune: {
    api: "HyperParameterTuning",
    step: {
      state: "ModelTuning",
      called: "Tuning",
      failure: "TuningJobFailed",
      retryAfterSeconds: 60,
    },
  },
  compare: {
    api: "Processing",
    step: {
      state: "ModelComparison",
      called: "Comparison",
      failure: "ComparisonFailed",
      retryAfterSeconds: 30,
    },
  },
  /** Judges what the endpoint has captured; of the monitor's own state machine. */
  monitor: {
    api: "Processing",
    step: {
      state: "JudgeTraffic",
      called: "Monitor",
      failure: "MonitoringFailed",
      retryAfterSeconds: 30,
    },
  },
  /** Batch scoring. */
  score: { api: "Transform" },
} as const satisfies Readonly<Record<string, JobKindDescription>>;

export type JobKind = keyof typeof jobKinds;

/** Kinds of jobs that a step of the workflow runs. */
export type StepJobKind = {
  [Kind in JobKind]: (typeof jobKinds)[Kind] extends { readonly step: object } ? Kind : never;
}[JobKind];

/** SageMaker's log group for jobs of one kind, which all workflows of an account share. */
export function jobLogGroup(kind: JobKind): string {
  return `/aws/sagemaker/${apis[jobKinds[kind].api].log}Jobs`;
}

/** What the log streams of a job start with. */
export function jobLogPrefix(kind: JobKind, job: string): string {
  return kind === "tune" ? `${job}-` : `${job}/`;
}

/** The ARN of one kind's jobs, without account: its resource type, and a pattern of names. */
export function jobResource(kind: JobKind, names: string): string {
  return `${apis[jobKinds[kind].api].resource}/${names}`;
}

/** The managed rule that tells Step Functions of a job's end. */
export function jobEventsRule(kind: JobKind): string {
  return `StepFunctionsGetEventsForSageMaker${apis[jobKinds[kind].api].rule}JobsRule`;
}

/** The kind of the job whose failure ended an execution. */
export function failedJobKind(failure: string): StepJobKind | undefined {
  return kindWith((step) => step.failure === failure);
}

/** The kind of the jobs that a state runs. */
export function jobKindOf(state: string): StepJobKind | undefined {
  return kindWith((step) => step.state === state);
}

function kindWith(isWanted: (step: JobStepDescription) => boolean): StepJobKind | undefined {
  const kinds = Object.entries<JobKindDescription>(jobKinds);
  return kinds.find(([, { step }]) => step !== undefined && isWanted(step))?.[0] as StepJobKind | undefined;
}

/** The keys of job names in SageMaker's requests and descriptions. */
export const jobNameKeys: readonly string[] = [
  ...new Set(Object.values(jobKinds).map(({ api }) => `${api}JobName`)),
];
