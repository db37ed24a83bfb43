/** Times that nobody can read from a definition. */
export interface Durations {
  /** Of one processing job, from the first to the last minute that is paid. */
  readonly processingMinutes: number;
  /** Of one training job. */
  readonly trainingMinutes: number;
  /** Of one batch transform job. */
  readonly transformMinutes: number;
  /** Until an endpoint is in service; the execution looks now and then. */
  readonly deploymentMinutes: number;
  /** Of one call of a function. */
  readonly functionSeconds: number;
}

export const defaultDurations: Durations = {
  processingMinutes: 5,
  trainingMinutes: 10,
  transformMinutes: 10,
  deploymentMinutes: 6,
  functionSeconds: 5,
};
