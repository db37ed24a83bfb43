/** The ends of an execution that is stopped, and of its jobs. */

import {
  DescribeHyperParameterTuningJobCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  StopHyperParameterTuningJobCommand,
  StopProcessingJobCommand,
  StopTrainingJobCommand,
} from "@aws-sdk/client-sagemaker";
import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  type HistoryEvent,
  type SFNClient,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { jobKindOf, jobKinds, type StepJobKind } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";
import { poll } from "../account/poll";
import { OutcomeUnknownError, UsageError } from "../terminal/errors";
import { ExecutionHistory } from "./history";
import { describeNamed, type Executions } from "./named-execution";
import { readHistory } from "./variables";

const intervalMilliseconds = 500;

interface Job {
  readonly name: string;
  readonly kind: StepJobKind;
}

/** The jobs that an execution was waiting for. */
export function jobsOf(events: readonly HistoryEvent[]): Job[] {
  const history = new ExecutionHistory();
  history.add(events);
  return history.visits.flatMap(({ name: state, job, endedAt }) => {
    const kind = jobKindOf(state);
    return kind === undefined || job === undefined || endedAt !== undefined ? [] : [{ name: job, kind }];
  });
}

/**
 * Stops the execution that a person gave as a name or as an ARN, and waits for its end.
 *
 * @returns how it ended, and what waits for the ends of its jobs
 * @throws UsageError if it does not run
 */
export async function stopNamed(executions: Executions, given: string, seconds: number) {
  const { executionArn = "", name = given, status } = await describeNamed(executions, given);
  if (status !== "RUNNING") throw new UsageError(`${name} is not running: it ended as ${status}`);
  const sfn = executions.aws.sfn();
  await sfn.send(new StopExecutionCommand({ executionArn, error: "Stopped", cause: "By npm run stop" }));
  const ended = await endedExecution(sfn, executionArn, seconds);
  const jobs = async () =>
    await endedJobs(executions.aws, jobsOf(await readHistory(sfn, executionArn)), seconds);
  return { execution: { executionArn, name, status: ended }, jobs };
}

/** Waits for the end of an execution, and returns its status. */
export async function endedExecution(
  sfn: SFNClient,
  executionArn: string,
  seconds: number,
): Promise<ExecutionStatus> {
  const check = async () => {
    const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return status === "RUNNING" ? undefined : status;
  };
  const error = () =>
    new OutcomeUnknownError(`${executionArn} was told to stop, and runs on after ${seconds} s`);
  return await poll(check, { intervalMilliseconds, timeout: { seconds, error } });
}

/** Waits for the ends of jobs, and returns the status of each. */
export async function endedJobs(
  aws: Aws,
  jobs: readonly Job[],
  seconds: number,
): Promise<{ readonly name: string; readonly status: string }[]> {
  return await Promise.all(
    jobs.map(async (job) => ({ name: job.name, status: await endedJob(aws, job, seconds) })),
  );
}

/** Step Functions stops the jobs of an execution that is stopped, but does not promise it. */
async function endedJob(aws: Aws, job: Job, seconds: number): Promise<string> {
  const check = async () => {
    const status = await calls[jobKinds[job.kind].api].status(aws, job.name);
    if (status === "InProgress") await stopJob(aws, job);
    return status === "InProgress" || status === "Stopping" ? undefined : status;
  };
  const error = () => new OutcomeUnknownError(`${job.name} was told to stop, and runs on after ${seconds} s`);
  return await poll(check, { intervalMilliseconds, timeout: { seconds, error } });
}

/** How jobs of each API are described and stopped. */
const calls = {
  Processing: {
    status: async (aws: Aws, name: string) =>
      (await aws.sagemaker().send(new DescribeProcessingJobCommand({ ProcessingJobName: name })))
        .ProcessingJobStatus,
    stop: (aws: Aws, name: string) =>
      aws.sagemaker().send(new StopProcessingJobCommand({ ProcessingJobName: name })),
  },
  Training: {
    status: async (aws: Aws, name: string) =>
      (await aws.sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName: name })))
        .TrainingJobStatus,
    stop: (aws: Aws, name: string) =>
      aws.sagemaker().send(new StopTrainingJobCommand({ TrainingJobName: name })),
  },
  HyperParameterTuning: {
    status: async (aws: Aws, name: string) =>
      (
        await aws
          .sagemaker()
          .send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }))
      ).HyperParameterTuningJobStatus,
    stop: (aws: Aws, name: string) =>
      aws.sagemaker().send(new StopHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name })),
  },
} as const;

async function stopJob(aws: Aws, { name, kind }: Job): Promise<void> {
  try {
    await calls[jobKinds[kind].api].stop(aws, name);
  } catch (error) {
    // It has ended meanwhile, which the next look finds.
    if (!(error instanceof Error && error.name === "ValidationException")) throw error;
  }
}
