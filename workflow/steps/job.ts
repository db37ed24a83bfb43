import { arn, integration } from "../arns";
import {
  capacityWaits,
  longestCapacitySeconds,
  waitForCapacity,
  waitingHelps,
  waitsForVariable,
  waitText,
} from "../asl/capacity";
import { expression, type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { anotherAttemptHelps, firstAttempt, jobRetry, maxAttempts, waitForAttempt } from "../asl/retries";
import type { ChoiceRule, TaskState } from "../asl/states";
import { catchAll, failState } from "../failures";
import { allow, type PolicyStatement, passToSageMaker } from "../iam";
import {
  type JobStepDescription,
  jobEventsRule,
  jobKinds,
  jobResource,
  type StepJobKind,
} from "../job-kinds";
import { baseName, freshName } from "../names";
import type { Workflow } from "../settings";
import type { Step } from "../step";
import type { SpotSettings } from "../training-instances";

/** Time that SageMaker may take to find instances, pull the image and upload results. */
const provisioningSeconds = 1800;

/** How long one attempt of a job may take. */
export function longestAttemptSeconds(maxRuntimeInSeconds: number): number {
  return maxRuntimeInSeconds + provisioningSeconds;
}

/** How long a step may take, including all attempts of its job and the waits between them. */
export function longestJobSeconds(maxRuntimeInSeconds: number, waitForCapacityInSeconds: number): number {
  return (
    maxAttempts * (longestAttemptSeconds(maxRuntimeInSeconds) + 600) +
    longestCapacitySeconds(waitForCapacityInSeconds, provisioningSeconds)
  );
}

/** The properties of a step's job other than its kind. */
interface JobStepProps {
  /** The job's request, without its name. */
  readonly request: JsonObject;
  readonly maxRuntimeInSeconds: number;
  /** @default - on-demand instances */
  readonly spot?: SpotSettings;
  readonly waitForCapacityInSeconds: number;
  /** What to do with a job that was stopped and has a result all the same; otherwise it counts as failed. */
  readonly stopped?: {
    /** Variables that are set from the caught error. */
    readonly assign: JsonObject;
    /** Whether there is a result. */
    readonly isUsable: Jsonata;
  };
  /** Variables that later states read. */
  readonly assign: JsonObject;
  /** ARN of the job's role. */
  readonly roleArn: string;
  readonly next: string;
}

/**
 * Runs a SageMaker job to its end, and retries it under a new name if a retry can help.
 *
 * A retrier cannot check the reason of a failed job, so the catch leads to a choice, and a job is run again only if
 * `waitingHelps` or `anotherAttemptHelps`.
 */
export function jobStep(workflow: Workflow, kind: StepJobKind, props: JobStepProps): Step {
  const { state, called, failure, retryAfterSeconds } = jobKinds[kind].step;
  const failed = `${called}AttemptFailed`;
  const wait = `WaitBefore${called}`;
  const capacity = capacityStep(kind, props.waitForCapacityInSeconds);
  return {
    states: {
      [state]: runJob(workflow, kind, props, failed),
      [failed]: {
        Type: "Choice",
        Choices: [
          ...(props.stopped === undefined
            ? []
            : [{ Condition: props.stopped.isUsable, Assign: { ...firstAttempt }, Next: props.next }]),
          ...capacity.choices,
          { Condition: anotherAttemptHelps, Next: wait },
        ],
        Default: failure,
      },
      ...capacity.states,
      [wait]: waitForAttempt(retryAfterSeconds, state),
      [failure]: failState(failure),
    },
    policyStatements: jobPermissions(workflow, kind, props.roleArn),
  };
}

/** The rule and the state that wait for capacity; none if the job shall not wait. */
function capacityStep(kind: StepJobKind, waitForCapacityInSeconds: number) {
  const { state, called } = jobKinds[kind].step;
  const waits = capacityWaits(waitForCapacityInSeconds);
  if (waits.length === 0) return { choices: [], states: {} };
  const wait = `WaitFor${called}Capacity`;
  const rule: ChoiceRule = {
    Condition: waitingHelps(waits),
    Assign: { [waitsForVariable]: waitText(waitForCapacityInSeconds) },
    Next: wait,
  };
  return { choices: [rule], states: { [wait]: waitForCapacity(waits, state) } };
}

/** JSONata: the name of an attempt's job. */
export function jobName({ settings }: Workflow, kind: StepJobKind): Jsonata {
  const { nameKey }: JobStepDescription = jobKinds[kind].step;
  return freshName(settings, kind, nameKey, jsonata`$attempt`);
}

/** The role and the time limits of a job, in the form of SageMaker's requests. */
export function roleAndLimit(roleArn: string, maxRuntimeInSeconds: number, spot?: SpotSettings): JsonObject {
  return {
    RoleArn: roleArn,
    StoppingCondition: {
      MaxRuntimeInSeconds: maxRuntimeInSeconds,
      ...(spot !== undefined && { MaxWaitTimeInSeconds: spot.maxWaitInSeconds }),
    },
  };
}

function runJob(workflow: Workflow, kind: StepJobKind, props: JobStepProps, failed: string): TaskState {
  const { api, step } = jobKinds[kind];
  const { maxRuntimeInSeconds, spot } = props;
  const nameKey = `${api}JobName`;
  const name = expression(`$states.result.${nameKey}`);
  const status = expression(`$lowercase($states.result.${api}JobStatus)`);
  const wait = spot && `, or after ${spot.maxWaitInSeconds} s with its waits for spot instances`;
  const stopped = `The job was stopped: manually, or after its maximum run time of ${maxRuntimeInSeconds} s${wait ?? ""}`;
  return {
    Type: "Task",
    Resource: integration(workflow.references, `sagemaker:create${api}Job.sync`),
    Arguments: {
      [nameKey]: jobName(workflow, kind),
      ...props.request,
    },
    Assign: {
      ...props.assign,
      [`${step.called.toLowerCase()}JobName`]:
        props.stopped === undefined ? jsonata`${status} = "stopped" ? $error(${stopped}) : ${name}` : name,
      ...firstAttempt,
    },
    TimeoutSeconds: longestAttemptSeconds(spot?.maxWaitInSeconds ?? maxRuntimeInSeconds),
    Retry: jobRetry,
    Catch: [catchAll(step.state, failed, nameKey, props.stopped?.assign)],
    Next: props.next,
  };
}

function jobPermissions(workflow: Workflow, kind: StepJobKind, roleArn: string): PolicyStatement[] {
  const page = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html";
  const { api } = jobKinds[kind];
  const names = `${baseName(workflow.settings)}-${kind}-*`;
  const jobs = arn(workflow.references, "sagemaker", jobResource(kind, names));
  return [
    allow(
      [
        `sagemaker:Create${api}Job`,
        `sagemaker:Describe${api}Job`,
        `sagemaker:Stop${api}Job`,
        "sagemaker:AddTags",
      ],
      [jobs],
    ),
    allow(["sagemaker:ListTags"], [jobs], { page }),
    passToSageMaker(roleArn),
    // `.sync` is notified of the job's end through this managed rule.
    allow(
      ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
      [arn(workflow.references, "events", `rule/${jobEventsRule(kind)}`)],
    ),
  ];
}
