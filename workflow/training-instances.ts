/** Which instances training jobs run on, what they keep for another start, and SageMaker's limits of it. */

/** The props of the training's instances. */
export interface TrainingInstancesProps {
  /**
   * Trains on spot instances, which cost less and may be interrupted (docs/training-capacity.md).
   *
   * `false`: on-demand instances, in an environment of a workflow that trains on spot instances elsewhere.
   *
   * @default - on-demand instances
   */
  readonly spot?: SpotSettings | false;
  /**
   * Keeps the folder /opt/ml/checkpoints in S3, one copy for all attempts of an execution, so that a job that starts again
   * goes on from there if its script does.
   *
   * @default - only on spot instances
   */
  readonly checkpoints?: boolean;
  /**
   * How long the instances of a single training job are kept for the next one, in a warm pool that costs as much as the
   * job: 1 to 3600. Not with `spot`.
   *
   * @default - they are returned at once
   */
  readonly keepAlivePeriodInSeconds?: number;
}

export interface SpotSettings {
  /** The longest time that a job may take with all waits for instances; at least `maxRuntimeInSeconds`. */
  readonly maxWaitInSeconds: number;
}

/** The settings of the training's instances. */
export interface TrainingInstances {
  readonly spot?: SpotSettings;
  readonly checkpoints: boolean;
  readonly keepAlivePeriodInSeconds?: number;
}

/** The model of the API would take more. */
const longestKeepAliveSeconds = 3600;

const warmPools = "https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html";
const api = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API";

/**
 * Fills in the defaults.
 *
 * @throws Error that names the prop, and SageMaker's limit with its source, if a value is invalid
 */
export function trainingInstances(
  { spot: given, checkpoints, keepAlivePeriodInSeconds }: TrainingInstancesProps,
  maxRuntimeInSeconds: number,
): TrainingInstances {
  const spot = given === false ? undefined : given;
  if (
    spot !== undefined &&
    !(Number.isInteger(spot.maxWaitInSeconds) && spot.maxWaitInSeconds >= maxRuntimeInSeconds)
  ) {
    throw new Error(
      `training.spot.maxWaitInSeconds must be a whole number of at least maxRuntimeInSeconds, ${maxRuntimeInSeconds}, because it contains the waits and the run, got ${spot.maxWaitInSeconds} (${api}_StoppingCondition.html)`,
    );
  }
  if (keepAlivePeriodInSeconds !== undefined) checkKeepAlive(keepAlivePeriodInSeconds, spot);
  return { spot, checkpoints: checkpoints ?? spot !== undefined, keepAlivePeriodInSeconds };
}

function checkKeepAlive(seconds: number, spot: SpotSettings | undefined): void {
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= longestKeepAliveSeconds)) {
    throw new Error(
      `training.keepAlivePeriodInSeconds must be a whole number from 1 to ${longestKeepAliveSeconds}, got ${seconds}; omit it to keep no instances (${warmPools})`,
    );
  }
  if (spot !== undefined) {
    throw new Error(
      `training.keepAlivePeriodInSeconds must not be set with training.spot, because warm pools have no spot instances: omit one of them (${warmPools})`,
    );
  }
}

/** How long one training job may take, waits for spot instances included. */
export function longestTrainingJobSeconds({
  maxRuntimeInSeconds,
  spot,
}: TrainingInstances & { readonly maxRuntimeInSeconds: number }): number {
  return spot?.maxWaitInSeconds ?? maxRuntimeInSeconds;
}
