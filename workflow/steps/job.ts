import { arn, integration } from "../arns";
import { expression, type JsonObject, jsonata } from "../asl/jsonata";
import { anotherAttemptHelps, maxAttempts, sageMakerRetry, waitForAttempt } from "../asl/retries";
import type { TaskState } from "../asl/states";
import { catchAll, type FailureName, failState } from "../failures";
import { allow, type PolicyStatement, passToSageMaker } from "../iam";
import type { Workflow } from "../settings";
import type { Step } from "../step";

/** Time that SageMaker may take to find instances, pull the image and upload results. */
const provisioningSeconds = 1800;

/** How long a step may take to run its job, all attempts and the waits between them included. */
export function longestJobSeconds(maxRuntimeInSeconds: number): number {
  return maxAttempts * (maxRuntimeInSeconds + provisioningSeconds + 600);
}

/** What tells a processing job from a training job. */
interface JobStepProps {
  /** Name of the state that runs the job. */
  readonly state: string;
  readonly kind: "Processing" | "Training";
  /** What tells the states and variables of this job from those of another one of its kind. */
  readonly called: string;
  /** What the names of these jobs start with. */
  readonly namePrefix: string;
  readonly request: JsonObject;
  readonly maxRuntimeInSeconds: number;
  /** Variables that later states read. */
  readonly assign: JsonObject;
  readonly failure: FailureName;
  /** Wait before the second attempt; the third waits twice as long. */
  readonly retryAfterSeconds: number;
  /** ARN of the role that the job runs as. */
  readonly roleArn: string;
  readonly next: string;
}

/**
 * Runs a SageMaker job to its end, and again under a new name where another attempt can help.
 *
 * What a job reports is no matter for a retrier: the catch leads to a choice, and only where `anotherAttemptHelps` is a
 * job paid twice.
 */
export function jobStep(workflow: Workflow, props: JobStepProps): Step {
  const { state, called, failure } = props;
  const failed = `${called}AttemptFailed`;
  const wait = `WaitBefore${called}`;
  return {
    states: {
      [state]: runJob(workflow, props, failed),
      [failed]: {
        Type: "Choice",
        Choices: [{ Condition: anotherAttemptHelps, Next: wait }],
        Default: failure,
      },
      [wait]: waitForAttempt(props.retryAfterSeconds, state),
      [failure]: failState(failure),
    },
    policyStatements: jobPermissions(workflow, props),
  };
}

function runJob(workflow: Workflow, props: JobStepProps, failed: string): TaskState {
  const { state, kind, called, maxRuntimeInSeconds } = props;
  const nameKey = `${kind}JobName`;
  const status = expression(`$lowercase($states.result.${kind}JobStatus)`);
  const stopped = `The job was stopped: by hand, or after ${maxRuntimeInSeconds} s, its longest run`;
  return {
    Type: "Task",
    Resource: integration(workflow.references, `sagemaker:create${kind}Job.sync`),
    Arguments: {
      ...props.request,
      RoleArn: props.roleArn,
      StoppingCondition: { MaxRuntimeInSeconds: maxRuntimeInSeconds },
    },
    Assign: {
      ...props.assign,
      [`${called.toLowerCase()}JobName`]: jsonata`
        ${status} = "stopped"
          ? $error(${stopped})
          : ${expression(`$states.result.${nameKey}`)}`,
      attempt: 1,
    },
    TimeoutSeconds: maxRuntimeInSeconds + provisioningSeconds,
    Retry: sageMakerRetry,
    Catch: [catchAll(state, failed, nameKey)],
    Next: props.next,
  };
}

function jobPermissions(workflow: Workflow, { kind, namePrefix, roleArn }: JobStepProps): PolicyStatement[] {
  const page = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html";
  const jobs = arn(workflow.references, "sagemaker", `${kind.toLowerCase()}-job/${namePrefix}*`);
  return [
    allow(
      [
        `sagemaker:Create${kind}Job`,
        `sagemaker:Describe${kind}Job`,
        `sagemaker:Stop${kind}Job`,
        "sagemaker:AddTags",
      ],
      [jobs],
    ),
    allow(["sagemaker:ListTags"], [jobs], { page }),
    passToSageMaker(roleArn),
    // `.sync` hears of the job's end through this managed rule.
    allow(
      ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
      [arn(workflow.references, "events", `rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule`)],
    ),
  ];
}
