/** Which instances training jobs run on, what they keep for another start, and SageMaker's limits of it. */

/** The props of the training's instances. */
export interface TrainingInstancesProps {
  /**
   * Trains on spot instances, which cost less and may be interrupted (docs/training-capacity.md).
   *
   * @default - on-demand instances
   */
  readonly spot?: SpotSettings;
  /**
   * Keeps the folder /opt/ml/checkpoints in S3, one copy for all attempts of an execution, so that a job that starts again
   * goes on from there if its script does.
   *
   * @default - only on spot instances
   */
  readonly checkpoints?: boolean;
}

export interface SpotSettings {
  /** The longest time that a job may take with all waits for instances; at least `maxRuntimeInSeconds`. */
  readonly maxWaitInSeconds: number;
}

/** The settings of the training's instances. */
export interface TrainingInstances {
  readonly spot?: SpotSettings;
  readonly checkpoints: boolean;
}

const api = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API";

/**
 * Fills in the defaults.
 *
 * @throws Error that names the prop, and SageMaker's limit with its source, if a value is invalid
 */
export function trainingInstances(
  { spot, checkpoints }: TrainingInstancesProps,
  maxRuntimeInSeconds: number,
): TrainingInstances {
  if (
    spot !== undefined &&
    !(Number.isInteger(spot.maxWaitInSeconds) && spot.maxWaitInSeconds >= maxRuntimeInSeconds)
  ) {
    throw new Error(
      `training.spot.maxWaitInSeconds must be a whole number of at least maxRuntimeInSeconds, ${maxRuntimeInSeconds}, because it contains the waits and the run, got ${spot.maxWaitInSeconds} (${api}_StoppingCondition.html)`,
    );
  }
  return { spot, checkpoints: checkpoints ?? spot !== undefined };
}

/** How long one training job may take, waits for spot instances included. */
export function longestTrainingJobSeconds({
  maxRuntimeInSeconds,
  spot,
}: TrainingInstances & { readonly maxRuntimeInSeconds: number }): number {
  return spot?.maxWaitInSeconds ?? maxRuntimeInSeconds;
}
