import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import type { ExecutionInput } from "../../workflow/execution-input";
import type { Aws } from "../account/clients";
import { poll } from "../account/poll";
import type { LocalWorkflow } from "../emulator/resources";
import { type ExecutionResult, startExecution, uniqueName } from "../execution/execution";
import { followInTask, followToSuccess } from "../execution/follow";
import type { ProgressTask } from "../terminal/progress";
import type { Expected, Outcome } from "./outcome";

/** The task that shows an execution, and how long to wait for it. */
export interface FollowContext {
  readonly task: ProgressTask;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** The outcome of a release without its requests, some of which may still be open. */
export interface Release extends Omit<Outcome, "requests" | "failed" | "p99Milliseconds"> {
  /** Start and end, in milliseconds since the epoch. */
  readonly begun: number;
  readonly until: number;
}

/**
 * Runs a state machine to its end.
 *
 * @throws FailedError if the execution does not succeed
 */
export async function runToSuccess(
  aws: Aws,
  machine: string,
  input: object,
  { task, timeoutSeconds, signal }: FollowContext,
): Promise<ExecutionResult> {
  const { title } = task;
  const arn = await startExecution(aws.sfn(), machine, uniqueName(), input as ExecutionInput);
  const result = await followToSuccess({ aws }, arn, task, timeoutSeconds, signal);
  task.title = title;
  return result;
}

/** Releases a version under traffic and returns the outcome. */
export async function release(
  aws: Aws,
  workflow: LocalWorkflow,
  {
    model,
    expected,
    version,
  }: { readonly model: string; readonly expected: Expected; readonly version: string },
  timeScale: number,
  { task, timeoutSeconds, signal }: FollowContext,
): Promise<Release> {
  const { title } = task;
  const begun = Date.now();
  const machine = workflow.releaseStateMachineArn;
  const input = { ModelPackageArn: version } as object;
  const arn = await startExecution(aws.sfn(), machine, uniqueName(), input);
  const { description } = await followInTask(aws, arn, task, timeoutSeconds, signal);
  const until = Date.now();
  task.title = title;
  const seconds = (until - begun) / 1000;
  const common = { model, expected, seconds, alarmPeriods: seconds / (60 * timeScale), begun, until };
  if (description.status === "SUCCEEDED") return { ...common, ended: "promoted" };
  const { reason = "" } = JSON.parse(description.cause ?? "{}") as { reason?: string };
  const back = description.error === "RolledBack" && (await isInService(aws, description.cause ?? "{}"));
  return { ...common, ended: back ? "rolled back" : "failed", reason: `${description.error}: ${reason}` };
}

/** Waits until no alarm is active, because an alarm of the release before would roll back the next one at once. */
export async function quietAlarms(aws: Aws, names: readonly string[], signal: AbortSignal): Promise<void> {
  const AlarmNames = [...names];
  const check = async (): Promise<true | undefined> => {
    const { MetricAlarms = [] } = await aws.cloudwatch().send(new DescribeAlarmsCommand({ AlarmNames }));
    return MetricAlarms.every(({ StateValue }) => StateValue !== "ALARM") || undefined;
  };
  await poll(check, { intervalMilliseconds: 500, signal });
}

async function isInService(aws: Aws, cause: string): Promise<boolean> {
  const { endpoint, servingConfigName } = JSON.parse(cause) as Record<string, string>;
  const found = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName: endpoint }));
  return found.EndpointStatus === "InService" && found.EndpointConfigName === servingConfigName;
}
