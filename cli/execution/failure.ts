import type { DescribeExecutionCommandOutput } from "@aws-sdk/client-sfn";
import { failedJobKind } from "../../workflow/job-kinds";
import type { WorkflowProps } from "../../workflow/props";
import type { Aws } from "../account/clients";
import { adviceOn, shortReason } from "./advice";
import { endpointLogLines, jobLogLines, logText } from "./end-of-log";
import { placeInScript, scriptsOfJobs } from "./script-error";

/** How an execution failed. */
export interface ExecutionFailure {
  readonly status: string;
  readonly error: string;
  /** The state that failed, if the cause names it. */
  readonly state?: string;
  readonly job?: string;
  /** File and line of the script that failed, with its exception, if the log shows them. */
  readonly place?: string;
  readonly reason: string;
  /** Metrics of the model that the gate refused. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** What wrote `log`. */
  readonly logOf?: "job" | "endpoint";
  /** The last lines of the failed job's log, or of the endpoint's, if a model could not serve. */
  readonly log: readonly string[];
}

/** Errors about a model that could not serve. */
const endpointErrors: readonly string[] = ["DeploymentFailed", "RolledBack", "RollbackFailed"];

/**
 * Reads why an execution failed; the workflow's causes are JSON, others are text.
 *
 * @param props the workflow, to find the line of its script that failed
 */
export async function readFailure(
  aws: Aws,
  {
    status = "FAILED",
    error = "",
    cause = "",
    stateMachineArn = "",
    startDate = new Date(0),
  }: Partial<DescribeExecutionCommandOutput>,
  props?: WorkflowProps,
): Promise<ExecutionFailure> {
  const { state, job, reason, metrics, endpoint } = parseCause(cause);
  const kind = failedJobKind(error);
  // An endpoint's name starts as that of the state machine, which may be the one of releases.
  const workflow = stateMachineArn
    .split(":")
    .at(-1)
    ?.replace(/-release$/, "");
  const log = endpointErrors.includes(error)
    ? { logOf: "endpoint" as const, log: await endpointLogLines(aws, endpoint ?? workflow ?? "", startDate) }
    : { logOf: "job" as const, log: kind && job ? await jobLogLines(aws, kind, job) : [] };
  const script = log.logOf === "endpoint" ? "inference" : kind && scriptsOfJobs[kind];
  return {
    status,
    error,
    state,
    job,
    place: script && placeInScript(log.log, props, script),
    reason: reason ?? cause,
    metrics,
    ...(log.log.length === 0 ? { log: [] } : log),
  };
}

interface WorkflowCause {
  readonly state?: string;
  readonly job?: string;
  readonly reason?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly endpoint?: string;
}

function parseCause(cause: string): WorkflowCause {
  try {
    const parsed: unknown = JSON.parse(cause);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Formats a failure as text. */
export function describeFailure({
  status,
  error,
  state,
  job,
  place,
  reason,
  metrics,
  logOf = "job",
  log,
}: ExecutionFailure): string {
  const named = [
    ["advice", adviceOn([error, reason, ...log])],
    ["state", state],
    ["error", error],
    ["job", job],
    ["reason", shortReason(reason, place === undefined ? log : [])],
    ["metrics", metrics === undefined ? undefined : JSON.stringify(metrics)],
  ] as const;
  return [
    `The execution ended as ${status}${place === undefined ? "" : `: ${place}`}`,
    ...named.flatMap(([key, value]) => (value ? [`  ${key}: ${value}`] : [])),
    ...logText(logOf, log),
  ].join("\n");
}
