import { setTimeout as sleep } from "node:timers/promises";
import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import type { ExecutionInput } from "../../workflow/execution-input";
import type { Aws } from "../account/clients";
import type { LocalWorkflow } from "../emulator/resources";
import { type ExecutionResult, startExecution, uniqueName } from "../execution/execution";
import { describeFailure, readFailure } from "../execution/failure";
import { followInTask } from "../execution/follow";
import { FailedError } from "../terminal/errors";
import type { ProgressTask } from "../terminal/progress";
import type { Expected, Outcome } from "./outcome";

/** Where an execution is shown, and how long it is waited for. */
export interface Shown {
  readonly task: ProgressTask;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** How a release went, but for what became of the requests meanwhile, some of which may still be open. */
export interface Release extends Omit<Outcome, "requests" | "failed" | "p99Milliseconds"> {
  /** Milliseconds since the epoch. */
  readonly begun: number;
  readonly until: number;
}

/** Runs a state machine to its end, which must be a success. */
export async function runToSuccess(
  aws: Aws,
  machine: string,
  input: object,
  { task, timeoutSeconds, signal }: Shown,
): Promise<ExecutionResult> {
  const { title } = task;
  const arn = await startExecution(aws.sfn(), machine, uniqueName(), input as ExecutionInput);
  const result = await followInTask(aws, arn, task, timeoutSeconds, signal);
  task.title = title;
  if (result.description.status !== "SUCCEEDED") {
    throw new FailedError(describeFailure(await readFailure(aws, result.description)));
  }
  return result;
}

/** Releases a version under traffic, and says what became of it and of the requests. */
export async function release(
  aws: Aws,
  workflow: LocalWorkflow,
  {
    model,
    expected,
    version,
  }: { readonly model: string; readonly expected: Expected; readonly version: string },
  timeScale: number,
  { task, timeoutSeconds, signal }: Shown,
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

/** Waits until no alarm is left over from the release before: it would roll the next one back at once. */
export async function quietAlarms(aws: Aws, names: readonly string[], signal: AbortSignal): Promise<void> {
  const AlarmNames = [...names];
  for (;;) {
    const { MetricAlarms = [] } = await aws.cloudwatch().send(new DescribeAlarmsCommand({ AlarmNames }));
    if (MetricAlarms.every(({ StateValue }) => StateValue !== "ALARM")) return;
    await sleep(500, undefined, { signal });
  }
}

async function isInService(aws: Aws, cause: string): Promise<boolean> {
  const { endpoint, servingConfigName } = JSON.parse(cause) as Record<string, string>;
  const found = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName: endpoint }));
  return found.EndpointStatus === "InService" && found.EndpointConfigName === servingConfigName;
}
