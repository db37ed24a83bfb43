import { arn, integration } from "../arns";
import { sageMakerRetry } from "../asl/retries";
import { type JsonObject, jsonata, type State } from "../asl/states";
import { catchAll, type FailureName, failState } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import type { Workflow } from "../settings";
import type { Step } from "../step";

/** Time that SageMaker may take to find instances, pull the image and upload results. */
const provisioningSeconds = 1800;
const maxAttempts = 3;

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
 * A retrier cannot tell a fault of the service from one of the script: both are States.TaskFailed. The reason can, so
 * the catch leads to a choice, and only lost instances, missing capacity and internal errors are paid twice.
 */
export function jobStep(workflow: Workflow, props: JobStepProps): Step {
  const { state, kind, called, failure, next } = props;
  const nameKey = `${kind}JobName`;
  const status = `$lowercase($states.result.${kind}JobStatus)`;
  const failed = `${called}AttemptFailed`;
  const wait = `WaitBefore${called}`;
  const states: Record<string, State> = {
    [state]: {
      Type: "Task",
      Resource: integration(workflow.references, `sagemaker:create${kind}Job.sync`),
      Arguments: {
        ...props.request,
        RoleArn: props.roleArn,
        StoppingCondition: { MaxRuntimeInSeconds: props.maxRuntimeInSeconds },
      },
      Assign: {
        ...props.assign,
        [`${called.toLowerCase()}JobName`]: jsonata(`
          ${status} = "stopped"
            ? $error("The job was stopped: by hand, or after ${props.maxRuntimeInSeconds} s, its longest run")
            : $states.result.${nameKey}`),
        attempt: 1,
      },
      TimeoutSeconds: props.maxRuntimeInSeconds + provisioningSeconds,
      Retry: sageMakerRetry,
      Catch: [catchAll(state, failed, nameKey)],
      Next: next,
    },
    [failed]: {
      Type: "Choice",
      Choices: [
        {
          Condition: jsonata(
            `$attempt < ${maxAttempts} and $contains($failure.reason, /^(InternalServerError|InternalFailure|CapacityError|ServiceUnavailable)/)`,
          ),
          Next: wait,
        },
      ],
      Default: failure,
    },
    [wait]: {
      Type: "Wait",
      Seconds: jsonata(`${props.retryAfterSeconds} * $power(2, $attempt - 1)`),
      Assign: { attempt: jsonata("$attempt + 1") },
      Next: state,
    },
    [failure]: failState(failure),
  };
  return { states, policyStatements: jobPermissions(workflow, props) };
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

/** Lets the state machine hand a role to SageMaker, and to nobody else. */
export function passToSageMaker(roleArn: string): PolicyStatement {
  return allow(["iam:PassRole"], [roleArn], {
    conditions: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
  });
}
