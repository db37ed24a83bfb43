import { setTimeout as sleep } from "node:timers/promises";
import { DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { testRun, workflowProps } from "../../config";
import { localEnvironment } from "../../config-schema";
import { scriptKey } from "../../source-files";
import type { ExecutionInput } from "../../workflow/execution-input";
import { rollbackAlarmNames } from "../../workflow/guardrails";
import { stableEndpointName } from "../../workflow/names";
import { rawDataPrefix, type WorkflowProps, workflowSettings } from "../../workflow/props";
import { Aws } from "../account/clients";
import { objectAt, readText } from "../account/objects";
import { createLocalAlarms } from "../emulator/alarms";
import { EmulatorProcess, timeScaleText } from "../emulator/process";
import { prepareEnvironments } from "../emulator/python";
import { createLocalResources, type LocalWorkflow } from "../emulator/resources";
import { type ExecutionResult, startExecution, uniqueName } from "../execution/execution";
import { describeFailure, readFailure } from "../execution/failure";
import { followInTask } from "../execution/follow";
import { executionOutput } from "../execution/report";
import { SampleData } from "../execution/sample-data";
import { CliError, exitCodes, FailedError, UsageError } from "../terminal/errors";
import { print, printJson } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, runTasks } from "../terminal/progress";
import { approveVersion, registerSpoiled } from "./models";
import { counted, type Expected, faults, type Outcome, outcomesText } from "./outcome";
import { businessMetric, type Row, rowsOf, Traffic } from "./traffic";

interface RehearseOptions {
  /** Requests a second. */
  readonly rate: number;
  /** Seconds in the emulator for each second of alarms and deployment waits. */
  readonly timeScale: number;
  /** Seconds that each execution may take. */
  readonly timeout: number;
  readonly json: boolean;
}

interface Context {
  python: Readonly<Record<"emulator" | "jobs", string>>;
  emulator?: EmulatorProcess;
  aws: Aws;
  workflow: LocalWorkflow;
  rows: readonly Row[];
  /** ARNs of versions. */
  good: string;
  versions: Record<string, string>;
  traffic: Traffic;
  readonly releases: Release[];
}

/** How a release went, but for what became of the requests meanwhile, some of which may still be open. */
interface Release extends Omit<Outcome, "requests" | "failed" | "p99Milliseconds"> {
  /** Milliseconds since the epoch. */
  readonly begun: number;
  readonly until: number;
}

/** The models that are released, one after the other, while a good one serves. */
const models: Readonly<Record<string, Expected>> = {
  "is good": "promoted",
  fails: "rolled back",
  "is slow": "rolled back",
  "is worse": "rolled back",
};

/** Seconds of traffic on a good model, from which the alarm on wrong predictions gets its threshold. */
const baselineSeconds = 5;

/** Plays releases of good and bad models under traffic that is replayed, in an emulator of its own. */
export async function rehearse(options: RehearseOptions): Promise<void> {
  const { worseHyperParameters } = testRun;
  if (worseHyperParameters === undefined) {
    throw new UsageError(
      "A rehearsal needs testRun.worseHyperParameters in config.ts: hyperparameters that make a model worse",
    );
  }
  const signal = interruption();
  const props = rehearsalProps();
  const context = { releases: [], versions: {} } as unknown as Context;
  try {
    await runTasks(
      context,
      [
        ...preparation(options, props, signal),
        ...Object.entries(models).map(([model, expected]) => ({
          title: `A model that ${model}`,
          rendererOptions: keepLines,
          task: async (ctx: Context, task: ProgressTask) => {
            const version = ctx.versions[model] as string;
            await quietAlarms(ctx.aws, props, signal);
            const ended = await release(ctx, options, { model, expected, version }, task, signal);
            ctx.releases.push(ended);
            task.title = `A model that ${model}: ${ended.ended}`;
          },
        })),
      ],
      { silent: options.json },
    );
    await context.traffic.stop();
    tell(context, options);
  } catch (error) {
    if (signal.aborted) throw new CliError("Interrupted; the emulator is stopped", exitCodes.detached);
    throw error;
  } finally {
    await context.emulator?.stop();
  }
}

/** The workflow of `local`, with a canary, and with a person who decides what is released. */
function rehearsalProps(): WorkflowProps {
  const props = workflowProps(localEnvironment);
  return {
    ...props,
    approval: "manual",
    comparison: undefined,
    endpoint: { kind: "instance", instanceType: "ml.m5.large", initialInstanceCount: 2 },
    rollbackAlarms: [`${props.prefix}-${props.environment}-predictions`],
  };
}

function preparation(options: RehearseOptions, props: WorkflowProps, signal: AbortSignal) {
  type Task = Parameters<typeof runTasks<Context>>[1][number];
  const endpointName = stableEndpointName(props);
  const list: Task[] = [
    {
      title: "Emulator",
      task: async (ctx, task) => {
        const environments = await prepareEnvironments(["emulator", "scikit-learn-1.2-1"], (line) => {
          task.output = line;
        });
        const python = (name: string) => environments[name]?.python as string;
        ctx.python = { emulator: python("emulator"), jobs: python("scikit-learn-1.2-1") };
        ctx.emulator = await EmulatorProcess.start(ctx.python.emulator, { timeScale: options.timeScale });
        const { endpoint, timeScale } = ctx.emulator.address;
        ctx.aws = new Aws(ctx.emulator.connection);
        task.title = `Emulator at ${endpoint} (${timeScaleText(timeScale)})`;
        ctx.workflow = await createLocalResources(ctx.aws, ctx.emulator.address, props);
        await createLocalAlarms(ctx.aws, workflowSettings(props, scriptKey));
      },
    },
    {
      title: "Sample data",
      rendererOptions: keepLines,
      task: async (ctx, task) => {
        const say = (line: string) => {
          task.output = line;
        };
        const data = await SampleData.get(testRun.sampleData, ctx.python.jobs, say);
        await data
          .upload(ctx.aws, ctx.workflow.dataBucketName, rawDataPrefix(props))
          .finally(() => data.remove());
      },
    },
    {
      title: "Training of a good model",
      rendererOptions: keepLines,
      task: async (ctx, task) => {
        const trained = await run(ctx, ctx.workflow.stateMachineArn, {}, options, task, signal);
        const { ModelPackageArn, ProcessedDataUrl } = executionOutput(trained);
        ctx.good = ModelPackageArn;
        ctx.rows = await heldOut(ctx.aws, ProcessedDataUrl);
      },
    },
    {
      title: "Training of the models to release",
      rendererOptions: keepLines,
      task: async (ctx, task) => {
        const train = async (HyperParameters: ExecutionInput["HyperParameters"]) => {
          // Whatever its metric: here the release is to find out.
          const Threshold = props.gate.better === "smaller" ? Number.MAX_VALUE : -Number.MAX_VALUE;
          const input = { HyperParameters, Threshold };
          const trained = await run(ctx, ctx.workflow.stateMachineArn, input, options, task, signal);
          return executionOutput(trained).ModelPackageArn;
        };
        ctx.versions["is good"] = await train({});
        ctx.versions["is worse"] = await train(testRun.worseHyperParameters);
        ctx.versions.fails = await registerSpoiled(ctx.aws, ctx.python.jobs, ctx.good, "fails");
        ctx.versions["is slow"] = await registerSpoiled(ctx.aws, ctx.python.jobs, ctx.good, "slow");
        for (const version of [ctx.good, ctx.versions["is good"], ctx.versions["is worse"]]) {
          await approveVersion(ctx.aws, version);
        }
      },
    },
    {
      title: "First release",
      rendererOptions: keepLines,
      task: async (ctx, task) => {
        const machine = ctx.workflow.releaseStateMachineArn;
        await run(ctx, machine, { ModelPackageArn: ctx.good }, options, task, signal);
      },
    },
    {
      title: `Traffic, ${options.rate} requests a second`,
      task: async (ctx, task) => {
        ctx.traffic = new Traffic(ctx.aws, endpointName, ctx.rows, options.rate);
        ctx.traffic.start();
        await sleep(baselineSeconds * 1000, undefined, { signal });
        const threshold = 1.3 * meanError(ctx.traffic);
        await createBusinessAlarm(ctx.aws, props.rollbackAlarms?.[0] as string, threshold);
        task.title = `${task.title}; predictions may be off by ${threshold.toPrecision(3)} on average`;
      },
    },
  ];
  return list;
}

/** Runs a state machine to its end, which must be a success. */
async function run(
  { aws }: Context,
  machine: string,
  input: object,
  { timeout }: RehearseOptions,
  task: ProgressTask,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const { title } = task;
  const arn = await startExecution(aws.sfn(), machine, uniqueName(), input as ExecutionInput);
  const result = await followInTask(aws, arn, task, timeout, signal);
  task.title = title;
  if (result.description.status !== "SUCCEEDED") {
    throw new FailedError(describeFailure(await readFailure(aws, result.description)));
  }
  return result;
}

/** Releases a version under traffic, and says what became of it and of the requests. */
async function release(
  { aws, workflow }: Context,
  { timeout, timeScale }: RehearseOptions,
  {
    model,
    expected,
    version,
  }: { readonly model: string; readonly expected: Expected; readonly version: string },
  task: ProgressTask,
  signal: AbortSignal,
): Promise<Release> {
  const { title } = task;
  const begun = Date.now();
  const machine = workflow.releaseStateMachineArn;
  const input = { ModelPackageArn: version } as object;
  const arn = await startExecution(aws.sfn(), machine, uniqueName(), input);
  const { description } = await followInTask(aws, arn, task, timeout, signal);
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
async function quietAlarms(aws: Aws, props: WorkflowProps, signal: AbortSignal): Promise<void> {
  const AlarmNames = [...rollbackAlarmNames(workflowSettings(props, scriptKey))];
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

async function heldOut(aws: Aws, processedDataUrl: string): Promise<Row[]> {
  const url = `${processedDataUrl.replace(/\/$/, "")}/holdout/test.csv`;
  const text = await readText(aws, objectAt(url));
  if (text === undefined) {
    throw new UsageError(
      `A rehearsal replays holdout/test.csv, which preprocessing has to write: ${url} is missing`,
    );
  }
  const rows = rowsOf(text);
  if (rows.length === 0) throw new FailedError(`${url} holds no rows of numbers, the label last`);
  return rows;
}

function meanError({ answers }: Traffic): number {
  const errors = answers.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (errors.length === 0) {
    throw new FailedError(`The good model answered nothing: ${answers[0]?.failure ?? "nobody was asked"}`);
  }
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** The alarm on what the business sees: here, how wrong predictions are. */
async function createBusinessAlarm(aws: Aws, AlarmName: string, Threshold: number): Promise<void> {
  await aws.cloudwatch().send(
    new PutMetricAlarmCommand({
      AlarmName,
      ...businessMetric,
      Statistic: "Average",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
    }),
  );
}

function tell({ releases, traffic }: Context, { json }: RehearseOptions): void {
  const outcomes = releases.map(({ begun, until, ...release }) => ({
    ...release,
    ...counted(traffic.between(begun, until)),
  }));
  const inside = outcomes.reduce((sum, { failed }) => sum + failed, 0);
  const outside = counted(traffic.answers).failed - inside;
  const wrong = faults(outcomes, outside);
  if (json) {
    printJson({ outcomes, failedOutside: outside, faults: wrong });
  } else {
    const reasons = outcomes.flatMap(({ model, reason }) => (reason ? [`  ${model}: ${reason}`] : []));
    print(`\n${outcomesText(outcomes)}\n\nWhy\n${reasons.join("\n")}`);
  }
  if (wrong.length > 0) throw new FailedError(`The rehearsal went wrong:\n- ${wrong.join("\n- ")}`);
}
