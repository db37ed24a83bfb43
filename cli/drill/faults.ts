/** Every error that AWS documents for the calls of the definitions, and what a user expects of each. */

/** The ways in which the definitions call AWS. */
export type CallKind =
  | "sagemakerJob"
  | "sagemaker"
  | "sagemakerSdk"
  | "lambda"
  | "s3Sdk"
  | "cloudWatchSdk"
  | "scalingSdk"
  | "stepFunctionsSdk"
  | "events";

/**
 * What a user expects: a `passing` error is tried again for a while, a `lasting` one ends the step at once, a `costly` one
 * may not even be tried twice, because the attempt took long or cost money, and `unstoppable` ones no state can catch.
 */
export type Expectation = "passing" | "lasting" | "costly" | "unstoppable";

export type FaultClass =
  | "throttling"
  | "internal"
  | "connection"
  | "capacity"
  | "quota"
  | "conflict"
  | "permission"
  | "validation"
  | "not found"
  | "timeout"
  | "heartbeat"
  | "data limit"
  | "malformed"
  | "script"
  | "stopped";

/** A documented error. */
export interface Fault {
  readonly class: FaultClass;
  readonly error: string;
  readonly cause?: string;
  readonly expect: Expectation;
  /**
   * Whether the error's name also stands for passing errors, so that a retrier cannot distinguish it.
   *
   * @default false
   */
  readonly sharesName?: boolean;
  /** Only of these calls. */
  readonly actions?: readonly string[];
  readonly source: string;
}

const guide = "https://docs.aws.amazon.com/step-functions/latest/dg";
const stepFunctions = `${guide}/concepts-error-handling.html`;
const commonErrors = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html";
const sagemakerApi = "https://docs.aws.amazon.com/sagemaker/latest/APIReference";
const s3Errors = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";
const invoke = "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html";
const lambdaAdvice = `${guide}/bp-lambda-serviceexception.html`;
const scalingApi = "https://docs.aws.amazon.com/autoscaling/application/APIReference";
const cloudWatchApi = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference";
const stepFunctionsApi = "https://docs.aws.amazon.com/step-functions/latest/apireference";
const eventsApi = "https://docs.aws.amazon.com/eventbridge/latest/APIReference";
const clientErrors = `${guide}/supported-services-awssdk.html`;

/** Errors of Step Functions itself, with any call. */
const anyCall: readonly Fault[] = [
  { class: "timeout", error: "States.Timeout", expect: "lasting", source: stepFunctions },
  { class: "data limit", error: "States.DataLimitExceeded", expect: "unstoppable", source: stepFunctions },
  { class: "malformed", error: "malformed result", expect: "lasting", source: stepFunctions },
];

/** Errors that the service's model does not name, so that they share one name. */
function unnamed(error: string, source: string, code = "Error Code"): Fault[] {
  const cause = (text: string, name: string) => `${text} (Status Code: 400; ${code}: ${name}; Request ID: r)`;
  const shared = { error, sharesName: true, source } as const;
  return [
    {
      ...shared,
      class: "throttling",
      cause: cause("Rate exceeded", "ThrottlingException"),
      expect: "passing",
    },
    { ...shared, class: "internal", cause: cause("Internal failure", "InternalFailure"), expect: "passing" },
    {
      ...shared,
      class: "permission",
      cause: cause("User: u is not authorized to perform: this action", "AccessDeniedException"),
      expect: "lasting",
    },
    {
      ...shared,
      class: "validation",
      cause: cause("1 validation error detected", "ValidationException"),
      expect: "lasting",
    },
  ];
}

const quota = {
  class: "quota",
  cause: quotaText(2, 2),
  expect: "passing",
} as const;

/** https://repost.aws/knowledge-center/sagemaker-resource-limit-exceeded-error */
function quotaText(limit: number, used: number): string {
  return `The account-level service limit 'ml.m5.large for training job usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota.`;
}

const sagemakerNamed: readonly Fault[] = [
  {
    ...quota,
    error: "SageMaker.ResourceLimitExceededException",
    source: `${sagemakerApi}/API_CreateEndpoint.html`,
    actions: [
      "createProcessingJob",
      "createTrainingJob",
      "createHyperParameterTuningJob",
      "createModel",
      "createModelPackage",
      "createEndpointConfig",
      "createEndpoint",
      "updateEndpoint",
    ],
  },
  {
    class: "conflict",
    error: "SageMaker.ConflictException",
    cause: "There was a conflict",
    expect: "passing",
    source: `${sagemakerApi}/API_CreateModelPackage.html`,
    actions: ["createModelPackage"],
  },
  {
    class: "conflict",
    error: "SageMaker.ResourceInUseException",
    cause: "Job name must be unique",
    expect: "lasting",
    source: `${sagemakerApi}/API_CreateTrainingJob.html`,
    actions: ["createProcessingJob", "createTrainingJob", "createHyperParameterTuningJob"],
  },
  {
    class: "not found",
    error: "SageMaker.ResourceNotFoundException",
    cause: "Experiment not found",
    expect: "lasting",
    source: `${sagemakerApi}/API_CreateTrainingJob.html`,
    actions: ["createProcessingJob", "createTrainingJob", "describeTrainingJob"],
  },
];

const connection = {
  class: "connection",
  cause: "Unable to execute HTTP request: Read timed out",
  expect: "passing",
  source: clientErrors,
} as const;

export const faults: Readonly<Record<CallKind, readonly Fault[]>> = {
  sagemakerJob: [
    ...unnamed("SageMaker.AmazonSageMakerException", commonErrors),
    ...sagemakerNamed,
    {
      // No wait helps an account that may have no instance at all.
      ...quota,
      cause: quotaText(0, 0),
      expect: "lasting",
      error: "SageMaker.ResourceLimitExceededException",
      source: `${sagemakerApi}/API_CreateTrainingJob.html`,
    },
    ...jobFaults(),
  ],
  sagemaker: [...anyCall, ...unnamed("SageMaker.AmazonSageMakerException", commonErrors), ...sagemakerNamed],
  sagemakerSdk: [
    ...anyCall,
    ...unnamed("SageMaker.SageMakerException", commonErrors),
    { ...connection, error: "SageMaker.SdkClientException" },
    ...sagemakerNamed,
  ],
  lambda: [...anyCall, ...lambdaFaults()],
  s3Sdk: [
    ...anyCall,
    ...unnamed("S3.S3Exception", s3Errors),
    { ...connection, error: "S3.SdkClientException" },
    {
      class: "not found",
      error: "S3.NoSuchBucketException",
      cause: "The specified bucket does not exist",
      expect: "lasting",
      source: `${s3Errors}#NoSuchBucket`,
      actions: ["listObjectsV2"],
    },
    {
      class: "not found",
      error: "S3.NoSuchKeyException",
      cause: "The specified key does not exist.",
      expect: "lasting",
      source: s3Errors,
      actions: ["headObject", "getObject"],
    },
    {
      class: "validation",
      error: "S3.ObjectNotInActiveTierErrorException",
      cause: "The source object is archived",
      expect: "lasting",
      source: s3Errors,
      actions: ["copyObject"],
    },
  ],
  cloudWatchSdk: [
    ...anyCall,
    ...unnamed("CloudWatch.CloudWatchException", `${cloudWatchApi}/CommonErrors.html`),
    { ...connection, error: "CloudWatch.SdkClientException" },
    ...metricFaults(),
  ],
  scalingSdk: [
    ...anyCall,
    ...unnamed("ApplicationAutoScaling.ApplicationAutoScalingException", `${scalingApi}/CommonErrors.html`),
    { ...connection, error: "ApplicationAutoScaling.SdkClientException" },
    ...scalingFaults(),
  ],
  stepFunctionsSdk: [
    ...anyCall,
    ...unnamed("Sfn.SfnException", `${stepFunctionsApi}/CommonErrors.html`),
    { ...connection, error: "Sfn.SdkClientException" },
    ...machineFaults(),
  ],
  events: [
    ...anyCall,
    ...unnamed("EventBridge.AmazonEventBridgeException", `${eventsApi}/CommonErrors.html`),
    { ...connection, error: "EventBridge.SdkClientException" },
    {
      class: "internal",
      error: "EventBridge.InternalException",
      cause: "This exception occurs due to unexpected causes",
      expect: "passing",
      source: `${eventsApi}/API_PutEvents.html`,
    },
    {
      class: "throttling",
      error: "EventBridge.FailedEntry",
      cause: JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: "ThrottlingException" }] }),
      expect: "passing",
      source: `${guide}/connect-eventbridge.html`,
    },
  ],
};

function machineFaults(): Fault[] {
  const fault = (of: FaultClass, name: string, cause: string, action: string): Fault => ({
    class: of,
    error: `Sfn.${name}Exception`,
    cause,
    expect: "lasting",
    actions: [action],
    source: `${stepFunctionsApi}/API_${action[0]?.toUpperCase()}${action.slice(1)}.html`,
  });
  return [
    fault("not found", "StateMachineDoesNotExist", "State Machine Does Not Exist", "listExecutions"),
    fault("not found", "StateMachineDoesNotExist", "State Machine Does Not Exist", "describeStateMachine"),
    fault(
      "not found",
      "ExecutionDoesNotExist",
      "Execution Does Not Exist",
      "describeStateMachineForExecution",
    ),
    fault("not found", "StateMachineDoesNotExist", "State Machine Does Not Exist", "startExecution"),
    fault("quota", "ExecutionLimitExceeded", "Too many executions are running", "startExecution"),
    fault("conflict", "StateMachineDeleting", "The state machine is being deleted", "startExecution"),
  ];
}

/** How a job ends that was started. */
function jobFaults(): Fault[] {
  const reasons = `${sagemakerApi}/API_DescribeTrainingJob.html`;
  const job = (of: FaultClass, reason: string, expect: Expectation, status = "Failed"): Fault => ({
    class: of,
    error: "States.TaskFailed",
    cause: JSON.stringify({ JobStatus: status, FailureReason: reason }),
    expect,
    sharesName: true,
    source: reasons,
  });
  return [
    job("internal", "InternalServerError: We encountered an internal error. Please try again.", "passing"),
    job("capacity", "CapacityError: Unable to provision requested ML compute capacity.", "passing"),
    job("script", "AlgorithmError: ExecuteUserScriptError: exit code 1", "costly"),
    job("validation", "ClientError: No S3 objects found under S3 URL", "costly"),
    job("stopped", "The job was stopped by hand", "costly", "Stopped"),
    { class: "timeout", error: "States.Timeout", expect: "costly", source: stepFunctions },
    { class: "data limit", error: "States.DataLimitExceeded", expect: "unstoppable", source: stepFunctions },
    { class: "malformed", error: "malformed result", expect: "costly", source: stepFunctions },
  ];
}

function lambdaFaults(): Fault[] {
  const passing = (of: FaultClass, error: string, cause: string): Fault => ({
    class: of,
    error,
    cause,
    expect: "passing",
    source: lambdaAdvice,
  });
  const lasting = (of: FaultClass, error: string, cause: string, source = invoke): Fault => ({
    class: of,
    error,
    cause,
    expect: "lasting",
    source,
  });
  const denied =
    "User: u is not authorized to perform: lambda:InvokeFunction (Error Code: AccessDeniedException)";
  return [
    passing("internal", "Lambda.ServiceException", "Service failure"),
    passing("internal", "Lambda.AWSLambdaException", "Internal failure (Status Code: 500)"),
    passing("connection", "Lambda.SdkClientException", connection.cause),
    passing("connection", "Lambda.ClientExecutionTimeoutException", "Client execution did not complete"),
    passing("throttling", "Lambda.TooManyRequestsException", "Rate Exceeded."),
    { ...lasting("permission", "Lambda.AWSLambdaException", denied), sharesName: true },
    lasting("not found", "Lambda.ResourceNotFoundException", "Function not found"),
    lasting("validation", "Lambda.InvalidParameterValueException", "The payload is not JSON"),
    lasting("validation", "Lambda.InvalidRequestContentException", "Could not parse request body into json"),
    lasting("data limit", "Lambda.RequestTooLargeException", "The payload is too large"),
    lasting("quota", "Lambda.ServiceQuotaExceededException", "A quota is used up"),
    lasting(
      "permission",
      "Lambda.KMSAccessDeniedException",
      "Lambda was unable to decrypt the environment variables",
    ),
    lasting(
      "script",
      "ValueError",
      '{"errorMessage": "no metrics", "errorType": "ValueError"}',
      stepFunctions,
    ),
    lasting("script", "Lambda.Unknown", "The cause could not be determined", stepFunctions),
    lasting(
      "timeout",
      "Sandbox.Timedout",
      '{"errorMessage": "Task timed out after 60.00 seconds"}',
      stepFunctions,
    ),
    lasting(
      "script",
      "Runtime.ExitError",
      '{"errorMessage": "RequestId: 0a1b2c3d Error: Runtime exited with error: signal: killed"}',
      stepFunctions,
    ),
  ];
}

function metricFaults(): Fault[] {
  const fault = (of: FaultClass, name: string, expect: Expectation): Fault => ({
    class: of,
    error: `CloudWatch.${name}Exception`,
    cause: `${name} of CloudWatch`,
    expect,
    source: `${cloudWatchApi}/API_PutMetricData.html`,
  });
  return [
    fault("internal", "InternalServiceFault", "passing"),
    fault("validation", "InvalidParameterValue", "lasting"),
    fault("validation", "InvalidParameterCombination", "lasting"),
    fault("validation", "MissingRequiredParameter", "lasting"),
  ];
}

function scalingFaults(): Fault[] {
  const fault = (of: FaultClass, name: string, expect: Expectation, actions?: readonly string[]): Fault => ({
    class: of,
    error: `ApplicationAutoScaling.${name}Exception`,
    cause: `${name} of Application Auto Scaling`,
    expect,
    actions,
    source: `${scalingApi}/API_PutScalingPolicy.html`,
  });
  return [
    fault("conflict", "ConcurrentUpdate", "passing"),
    fault("internal", "InternalService", "passing"),
    fault("validation", "Validation", "lasting"),
    fault("quota", "LimitExceeded", "lasting"),
    fault("not found", "ObjectNotFound", "lasting", ["putScalingPolicy"]),
    fault("permission", "FailedResourceAccess", "lasting", ["putScalingPolicy"]),
  ];
}
