import { DescribeLogStreamsCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { DescribeExecutionCommandOutput } from "@aws-sdk/client-sfn";
import type { Aws } from "../account/clients";

/** How an execution failed. */
export interface ExecutionFailure {
  readonly status: string;
  readonly error: string;
  /** The state that failed, if the cause names it. */
  readonly state?: string;
  readonly job?: string;
  readonly reason: string;
  /** Metrics of the model that the gate refused. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** The last lines of the job's log, if a job failed. */
  readonly log: readonly string[];
}

const logGroups = [
  ["ProcessingJobFailed", "/aws/sagemaker/ProcessingJobs"],
  ["TrainingJobFailed", "/aws/sagemaker/TrainingJobs"],
] as const;

/** Reads why an execution failed; the workflow's causes are JSON, others are text. */
export async function readFailure(
  aws: Aws,
  { status = "FAILED", error = "", cause = "" }: Partial<DescribeExecutionCommandOutput>,
): Promise<ExecutionFailure> {
  const { state, job, reason, metrics } = parseCause(cause);
  const group = logGroups.find(([name]) => name === error)?.[1];
  return {
    status,
    error,
    state,
    job,
    reason: reason ?? cause,
    metrics,
    log: group === undefined || job === undefined ? [] : await lastLogLines(aws, group, job),
  };
}

interface WorkflowCause {
  readonly state?: string;
  readonly job?: string;
  readonly reason?: string;
  readonly metrics?: Readonly<Record<string, number>>;
}

function parseCause(cause: string): WorkflowCause {
  try {
    const parsed: unknown = JSON.parse(cause);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Returns the last lines of a job's log; none if it cannot be read, so that the failure's reason is still shown. */
export async function lastLogLines(aws: Aws, logGroupName: string, job: string): Promise<string[]> {
  try {
    const { logStreams } = await aws
      .logs()
      .send(new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: `${job}/` }));
    const logStreamName = logStreams?.[0]?.logStreamName;
    if (logStreamName === undefined) return [];
    const { events } = await aws
      .logs()
      .send(new GetLogEventsCommand({ logGroupName, logStreamName, limit: 20, startFromHead: false }));
    return (events ?? []).map(({ message = "" }) => message);
  } catch {
    return [];
  }
}

/** Formats a failure as text. */
export function describeFailure({
  status,
  error,
  state,
  job,
  reason,
  metrics,
  log,
}: ExecutionFailure): string {
  const named = [
    ["state", state],
    ["error", error],
    ["job", job],
    ["reason", reason],
    ["metrics", metrics === undefined ? undefined : JSON.stringify(metrics)],
  ] as const;
  return [
    `The execution ended as ${status}`,
    ...named.flatMap(([key, value]) => (value ? [`  ${key}: ${value}`] : [])),
    ...(log.length === 0 ? [] : ["  last lines of the job's log:", ...log.map((line) => `    ${line}`)]),
  ].join("\n");
}
