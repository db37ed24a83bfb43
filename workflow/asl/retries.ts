/** How often and how long the workflow waits and tries again. */

import { jsonata } from "./jsonata";
import type { Retrier, WaitState } from "./states";

/** Retries spread over time, so that executions that were refused together do not come back together. */
const spread = { BackoffRate: 2, JitterStrategy: "FULL" } as const;

/**
 * Retries a call to SageMaker that was throttled, met a limit or a service fault.
 *
 * The integration gives every unmodelled error one name, so a call that can never succeed is tried four times, too:
 * seconds, and nothing is paid.
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
 */
export const sageMakerRetry: readonly Retrier[] = [
  {
    ErrorEquals: ["SageMaker.ResourceLimitExceededException"],
    IntervalSeconds: 60,
    MaxAttempts: 5,
    MaxDelaySeconds: 600,
    ...spread,
  },
  {
    ErrorEquals: ["SageMaker.AmazonSageMakerException", "SageMaker.SageMakerException"],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    MaxDelaySeconds: 30,
    ...spread,
  },
];

/** Retries a call to SageMaker that met a limit; what else was refused, the states after it decide by the reason. */
export const limitRetry: readonly Retrier[] = sageMakerRetry.filter(({ ErrorEquals }) =>
  ErrorEquals.includes("SageMaker.ResourceLimitExceededException"),
);

/** Attempts of a call that may find its name taken, after the first one. */
export const maxCreations = 3;

/**
 * Retries a deployment: a new configuration may not be readable at once, and AWS advises to try again. What is refused
 * for longer is `refusedForNow`.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
 */
export const deploymentRetry: readonly Retrier[] = [
  {
    ErrorEquals: ["SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException"],
    IntervalSeconds: 2,
    MaxAttempts: 2,
    ...spread,
  },
];

/**
 * Retries a Lambda invocation that failed outside of the function.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
export const lambdaRetry: readonly Retrier[] = [
  {
    ErrorEquals: [
      "Lambda.ClientExecutionTimeoutException",
      "Lambda.ServiceException",
      "Lambda.AWSLambdaException",
      "Lambda.SdkClientException",
      "Lambda.TooManyRequestsException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 6,
    MaxDelaySeconds: 60,
    ...spread,
  },
];

/** Retries an S3 call that was throttled or met a service fault. */
const s3Retry: readonly Retrier[] = [
  {
    ErrorEquals: ["S3.S3Exception", "S3.SdkClientException"],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    MaxDelaySeconds: 20,
    ...spread,
  },
];

/** Retries a call about scaling: two executions may set the same at the same time. */
const scalingRetry: readonly Retrier[] = [
  {
    ErrorEquals: [
      "ApplicationAutoScaling.ConcurrentUpdateException",
      "ApplicationAutoScaling.InternalServiceException",
      "ApplicationAutoScaling.ApplicationAutoScalingException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    ...spread,
  },
];

/** How calls of the AWS API are retried, by service. */
export const sdkRetries = {
  sagemaker: sageMakerRetry,
  s3: s3Retry,
  applicationautoscaling: scalingRetry,
} as const;

/** Checks of a busy endpoint, before a release gives up. */
export const maxChecks = 120;

/** Longest wait between two checks, in seconds. */
const longestPause = 30;

/** How long a release may wait: for another deployment, for its own, and for the way back. */
export const longestDeploymentSeconds = 3 * maxChecks * (longestPause + 1);

/** What an endpoint has on the way to its first check. */
export const firstCheck = { pause: 1, checks: 0 } as const;

/** Waits twice as long each time; counts in `checks`. */
export function growingWait(next: string): WaitState {
  return {
    Type: "Wait",
    Seconds: jsonata`$pause`,
    Assign: { pause: jsonata`$min([$pause * 2, ${longestPause}])`, checks: jsonata`$checks + 1` },
    Next: next,
  };
}

/** JSONata: whether a deployment was refused by what passes: another one, or throttling. */
export const refusedForNow = jsonata`$contains($failure.reason, /already existing|in-progress|Could not find endpoint "|Throttl|Rate exceeded/)`;

/** Attempts of a job, the first one included. */
export const maxAttempts = 3;

/**
 * JSONata: whether another attempt can help a job that has failed: lost instances, missing capacity, internal errors.
 *
 * A retrier cannot tell a fault of the service from one of the script: both are States.TaskFailed. The reason can.
 */
export const anotherAttemptHelps = jsonata`$attempt < ${maxAttempts} and $contains($failure.reason, /^(InternalServerError|InternalFailure|CapacityError|ServiceUnavailable)/)`;

/** Waits before the next attempt of a job, twice as long each time; counts in `attempt`. */
export function waitForAttempt(firstSeconds: number, next: string): WaitState {
  return {
    Type: "Wait",
    Seconds: jsonata`${firstSeconds} * $power(2, $attempt - 1)`,
    Assign: { attempt: jsonata`$attempt + 1` },
    Next: next,
  };
}

/** Reads of a model package that is not complete yet, before a release gives up. */
export const maxReads = 60;

/** Waits before the next read of a model package. */
export function waitForPackage(next: string): WaitState {
  return { Type: "Wait", Seconds: 5, Next: next };
}
