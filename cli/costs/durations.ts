/** Durations that a definition does not contain. */
export interface Durations {
  /** One processing job, all billed minutes. */
  readonly processingMinutes: number;
  /** One training job. */
  readonly trainingMinutes: number;
  /** One batch transform job. */
  readonly transformMinutes: number;
  /** Until an endpoint is in service, while the execution polls. */
  readonly deploymentMinutes: number;
  /** One call of a function. */
  readonly functionSeconds: number;
}

export const defaultDurations: Durations = {
  processingMinutes: 5,
  trainingMinutes: 10,
  transformMinutes: 10,
  deploymentMinutes: 6,
  functionSeconds: 5,
};
