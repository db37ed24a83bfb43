/** How often and how long the workflow waits and retries. */

import { jsonata } from "./jsonata";
import type { Retrier, WaitState } from "./states";

/** Retries with jitter, so that executions that were refused together do not retry together. */
const spread = { BackoffRate: 2, JitterStrategy: "FULL" } as const;

/** SageMaker's errors of the SDK integration that a retry may help: those that it does not name, and of the connection. */
export const unnamedSageMakerErrors = [
  "SageMaker.SageMakerException",
  "SageMaker.SdkClientException",
] as const;

/**
 * Retries a call to SageMaker after throttling, a limit or a service fault.
 *
 * The integration uses one name for every unmodelled error, so a call that can never succeed is also tried four times,
 * which takes seconds and costs nothing.
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
    ErrorEquals: [
      "SageMaker.AmazonSageMakerException",
      ...unnamedSageMakerErrors,
      // Two executions register a version of the same group.
      "SageMaker.ConflictException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    MaxDelaySeconds: 30,
    ...spread,
  },
];

/** Retries the call that starts a job, whose next states wait for quota and capacity. */
export const jobRetry: readonly Retrier[] = sageMakerRetry.filter(
  ({ ErrorEquals }) => !ErrorEquals.includes("SageMaker.ResourceLimitExceededException"),
);

/** Retries a call to SageMaker after a limit; the next states handle other refusals by their reason. */
export const limitRetry: readonly Retrier[] = sageMakerRetry.filter(({ ErrorEquals }) =>
  ErrorEquals.includes("SageMaker.ResourceLimitExceededException"),
);

/** Retries of a call whose name may be taken. */
export const maxCreations = 3;

/**
 * Retries a deployment, as AWS advises, because a new configuration may not be readable at once. `refusedForNow` matches
 * longer refusals.
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
 * Retries a Lambda invocation that failed outside the function.
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

/** Retries an S3 call after throttling or a service fault. */
const s3Retry: readonly Retrier[] = [
  {
    ErrorEquals: ["S3.S3Exception", "S3.SdkClientException"],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    MaxDelaySeconds: 20,
    ...spread,
  },
];

/** Retries a call about scaling, because two executions may set the same target at the same time. */
const scalingRetry: readonly Retrier[] = [
  {
    ErrorEquals: [
      "ApplicationAutoScaling.ConcurrentUpdateException",
      "ApplicationAutoScaling.InternalServiceException",
      "ApplicationAutoScaling.ApplicationAutoScalingException",
      "ApplicationAutoScaling.SdkClientException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    ...spread,
  },
];

/** Retries a call of CloudWatch. */
const cloudWatchRetry: readonly Retrier[] = [
  {
    ErrorEquals: [
      "CloudWatch.InternalServiceFaultException",
      "CloudWatch.CloudWatchException",
      "CloudWatch.SdkClientException",
    ],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    ...spread,
  },
];

/** Retries a call of Step Functions itself. */
const stepFunctionsRetry: readonly Retrier[] = [
  {
    ErrorEquals: ["Sfn.SfnException", "Sfn.SdkClientException"],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    MaxDelaySeconds: 30,
    ...spread,
  },
];

/** Retries an event that EventBridge did not take. */
export const eventsRetry: readonly Retrier[] = [
  {
    ErrorEquals: [
      "EventBridge.AmazonEventBridgeException",
      "EventBridge.InternalException",
      "EventBridge.SdkClientException",
      "EventBridge.FailedEntry",
    ],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    MaxDelaySeconds: 20,
    ...spread,
  },
];

/** How calls of the AWS API are retried, by service. */
export const sdkRetries = {
  sagemaker: sageMakerRetry,
  s3: s3Retry,
  cloudwatch: cloudWatchRetry,
  sfn: stepFunctionsRetry,
  applicationautoscaling: scalingRetry,
} as const;

/** How many times a release checks a busy endpoint before it gives up. */
export const maxChecks = 120;

/** Longest wait between two checks, in seconds. */
const longestPause = 30;

/** How long a release may wait: for another deployment, for its own, and for the rollback. */
export const longestDeploymentSeconds = 3 * maxChecks * (longestPause + 1);

/** The initial values of the polling variables. */
export const firstCheck = { pause: 1, checks: 0 } as const;

/** Waits, twice as long each time, and counts in `checks`. */
export function growingWait(next: string): WaitState {
  return {
    Type: "Wait",
    Seconds: jsonata`$pause`,
    Assign: { pause: jsonata`$min([$pause * 2, ${longestPause}])`, checks: jsonata`$checks + 1` },
    Next: next,
  };
}

/** JSONata: whether a deployment was refused temporarily, because of another deployment or throttling. */
export const refusedForNow = jsonata`$contains($failure.reason, /already existing|in-progress|Could not find endpoint "|Throttl|Rate exceeded/)`;

/** Attempts of a job, including the first, without those after a wait for capacity. */
export const maxAttempts = 3;

/**
 * JSONata: whether a retry can help a failed job: after lost instances, internal errors.
 *
 * A retrier cannot distinguish a fault of the service from one of the script, because both are States.TaskFailed.
 */
export const anotherAttemptHelps = jsonata`$attempt - $capacityWaits < ${maxAttempts} and $contains($failure.reason, /^(InternalServerError|InternalFailure|ServiceUnavailable)/)`;

/** The values of a job's counters before its first attempt. */
export const firstAttempt = { attempt: 1, capacityWaits: 0 } as const;

/** Waits before the next attempt, twice as long each time, and counts in `attempt`. */
export function waitForAttempt(firstSeconds: number, next: string): WaitState {
  return {
    Type: "Wait",
    Seconds: jsonata`${firstSeconds} * $power(2, $attempt - $capacityWaits - 1)`,
    Assign: { attempt: jsonata`$attempt + 1` },
    Next: next,
  };
}

/** How many times a release reads an incomplete model package before it gives up. */
export const maxReads = 60;

/** Waits before the next read of a model package. */
export function waitForPackage(next: string): WaitState {
  return { Type: "Wait", Seconds: 5, Next: next };
}
