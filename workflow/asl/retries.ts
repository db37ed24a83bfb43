/** Retriers for calls. A job that was made and then failed is another matter: see steps/job.ts. */

import type { Retrier } from "./states";

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
    BackoffRate: 2,
    MaxDelaySeconds: 600,
    JitterStrategy: "FULL",
  },
  {
    ErrorEquals: ["SageMaker.AmazonSageMakerException", "SageMaker.SageMakerException"],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    BackoffRate: 2,
    MaxDelaySeconds: 30,
    JitterStrategy: "FULL",
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
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    JitterStrategy: "FULL",
  },
];

/** Retries an S3 call that was throttled or met a service fault. */
export const s3Retry: readonly Retrier[] = [
  {
    ErrorEquals: ["S3.S3Exception", "S3.SdkClientException"],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
    MaxDelaySeconds: 20,
    JitterStrategy: "FULL",
  },
];
