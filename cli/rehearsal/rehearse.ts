import { setTimeout as sleep } from "node:timers/promises";
import { PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { configurationName, testRun, workflowProps } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import { scriptKey } from "../../source-files";
import { rollbackAlarmNames } from "../../workflow/endpoint/guardrails";
import type { ExecutionInput } from "../../workflow/execution-input";
import { stableEndpointName } from "../../workflow/names";
import { rawDataPrefix, type WorkflowProps, workflowSettings } from "../../workflow/props";
import { Aws } from "../account/clients";
import { objectAt, readText } from "../account/objects";
import { createLocalAlarms } from "../emulator/alarms";
import { EmulatorProcess, timeScaleText } from "../emulator/process";
import { imageEnvironment, interpreter, prepareEnvironments } from "../emulator/python";
import { createLocalResources } from "../emulator/resources";
import { executionOutput } from "../execution/report";
import { SampleData } from "../execution/sample-data";
import { CliError, exitCodes, FailedError, UsageError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, stoppedText, TaskList } from "../terminal/progress";
import { approveVersion, registerSpoiled } from "./models";
import { counted, type Expected, faults, outcomesText } from "./outcome";
import { type FollowContext, quietAlarms, type Release, release, runToSuccess } from "./releases";
import { businessMetric, type Row, rowsOf, Traffic } from "./traffic";

interface RehearseOptions extends JsonOptions {
  /** Requests per second. */
  readonly rate: number;
  /** Factor for alarm periods and deployment waits. */
  readonly timeScale: number;
  /** Timeout of each execution, in seconds. */
  readonly timeout: number;
}

/** The models to release, one after the other, while a good one is in service. */
const models: Readonly<Record<string, Expected>> = {
  "is good": "promoted",
  fails: "rolled back",
  "is slow": "rolled back",
  "is worse": "rolled back",
};

/** Seconds of traffic on a good model that determine the threshold of the alarm on prediction errors. */
const baselineSeconds = 5;

/** Releases good and bad models under replayed traffic, in an emulator of its own. */
export async function rehearse(options: RehearseOptions): Promise<void> {
  const { worseHyperParameters } = testRun;
  if (worseHyperParameters === undefined) {
    throw new UsageError(
      `A rehearsal needs testRun.worseHyperParameters in ${configurationName}: set hyperparameters that make a model worse, such as a depth of 1 or a large regularization`,
    );
  }
  const signal = interruption();
  const props = rehearsalProps();
  const run = plan(options, props, worseHyperParameters, signal);
  try {
    await run.tasks.run({ silent: options.json });
    await run.traffic.value.stop();
    const releases = run.releases.map(({ value }) => value);
    reportOutcomes(releases, run.traffic.value, options);
  } catch (error) {
    if (signal.aborted) throw new CliError(stoppedText, exitCodes.detached);
    throw error;
  } finally {
    run.traffic.ifAny?.halt();
    await run.cloud.ifAny?.emulator.stop();
  }
}

/** The tasks of a rehearsal; later ones use what earlier ones return. */
function plan(
  options: RehearseOptions,
  props: WorkflowProps,
  worseHyperParameters: ExecutionInput["HyperParameters"],
  signal: AbortSignal,
) {
  const tasks = new TaskList();
  const kept = { rendererOptions: keepLines };
  const cloud = tasks.add("Emulator", (task) => deployLocally(props, options, task));
  const context = (task: ProgressTask): FollowContext => ({ task, timeoutSeconds: options.timeout, signal });
  tasks.add("Sample data", (task) => uploadSampleData(cloud.value, props, task), kept);
  const good = tasks.add(
    "Training of a good model",
    async (task) => {
      const { version, processedDataUrl } = await train(cloud.value, {}, context(task));
      return { version, rows: await heldOut(cloud.value.aws, props, processedDataUrl) };
    },
    kept,
  );
  const versions = tasks.add(
    "Training of the models to release",
    (task) => versionsToRelease(cloud.value, props, good.value.version, worseHyperParameters, context(task)),
    kept,
  );
  tasks.add(
    "First release",
    async (task) => {
      const { aws, workflow } = cloud.value;
      const input = { ModelPackageArn: good.value.version };
      await runToSuccess(aws, workflow.releaseStateMachineArn, input, context(task));
    },
    kept,
  );
  const traffic = tasks.add(`Traffic, ${options.rate} requests per second`, (task) =>
    startTraffic(cloud.value.aws, props, good.value.rows, options.rate, context(task)),
  );
  const releases = Object.entries(models).map(([model, expected]) =>
    tasks.add(
      `A model that ${model}`,
      async (task) => {
        const { aws, workflow } = cloud.value;
        const version = versions.value[model] as string;
        await quietAlarms(aws, rollbackAlarmNames(workflowSettings(props, scriptKey)), signal);
        const ended = await release(
          aws,
          workflow,
          { model, expected, version },
          options.timeScale,
          context(task),
        );
        task.title = `A model that ${model}: ${ended.ended}`;
        return ended;
      },
      kept,
    ),
  );
  return { tasks, cloud, traffic, releases };
}

type Cloud = Awaited<ReturnType<typeof deployLocally>>;

/** Creates the workflow in an emulator of its own. */
async function deployLocally(props: WorkflowProps, { timeScale }: RehearseOptions, task: ProgressTask) {
  const environments = await prepareEnvironments(["emulator", imageEnvironment], (line) => {
    task.output = line;
  });
  const emulator = await EmulatorProcess.start(interpreter(environments, "emulator"), { timeScale });
  try {
    task.title = `Emulator at ${emulator.address.endpoint} (${timeScaleText(emulator.address.timeScale)})`;
    const aws = new Aws(emulator.connection);
    const workflow = await createLocalResources(aws, emulator.address, props);
    await createLocalAlarms(aws, workflowSettings(props, scriptKey));
    return { emulator, aws, workflow, python: interpreter(environments, imageEnvironment) };
  } catch (error) {
    await emulator.stop();
    throw error;
  }
}

async function uploadSampleData({ aws, workflow, python }: Cloud, props: WorkflowProps, task: ProgressTask) {
  const data = await SampleData.get(testRun.sampleData, python, (line) => {
    task.output = line;
  });
  await data.upload(aws, workflow.dataBucketName, rawDataPrefix(props)).finally(() => data.remove());
}

/** Trains a model and returns its version. */
async function train({ aws, workflow }: Cloud, input: ExecutionInput, context: FollowContext) {
  const trained = await runToSuccess(aws, workflow.stateMachineArn, input, context);
  const { ModelPackageArn: version, ProcessedDataUrl: processedDataUrl } = executionOutput(trained);
  return { version, processedDataUrl };
}

/** Registers and approves the good and bad models to release, and returns their ARNs. */
async function versionsToRelease(
  cloud: Cloud,
  props: WorkflowProps,
  good: string,
  worseHyperParameters: ExecutionInput["HyperParameters"],
  context: FollowContext,
): Promise<Readonly<Record<string, string>>> {
  const { aws, python } = cloud;
  // Every model passes the gate, because the release must detect the bad ones.
  const Threshold = props.gate.better === "smaller" ? Number.MAX_VALUE : -Number.MAX_VALUE;
  const { version: another } = await train(cloud, { HyperParameters: {}, Threshold }, context);
  const { version: worse } = await train(
    cloud,
    { HyperParameters: worseHyperParameters, Threshold },
    context,
  );
  const fails = await registerSpoiled(aws, python, good, "fails");
  const slow = await registerSpoiled(aws, python, good, "slow");
  for (const version of [good, another, worse]) await approveVersion(aws, version);
  return { "is good": another, fails, "is slow": slow, "is worse": worse };
}

/** Replays the held-out rows, and sets the alarm on prediction errors from a good model's predictions. */
async function startTraffic(
  aws: Aws,
  props: WorkflowProps,
  rows: readonly Row[],
  rate: number,
  { task, signal }: FollowContext,
): Promise<Traffic> {
  const traffic = new Traffic(aws, stableEndpointName(props), rows, rate);
  traffic.start();
  try {
    await sleep(baselineSeconds * 1000, undefined, { signal });
    const threshold = highestError(meanError(traffic), rows);
    await createBusinessAlarm(aws, props.rollbackAlarms?.[0] as string, threshold);
    task.title = `${task.title}; predictions may be off by ${threshold.toPrecision(3)} on average`;
    return traffic;
  } catch (error) {
    traffic.halt();
    throw error;
  }
}

/** The workflow of `local`, with a canary and with manual approval. */
function rehearsalProps(): WorkflowProps {
  const props = workflowProps(localEnvironment);
  return {
    ...props,
    approval: "manual",
    comparison: undefined,
    // Its models are good and bad on purpose, and each is trained.
    tuning: undefined,
    cache: false,
    endpoint: { kind: "instance", instanceType: "ml.m5.large", initialInstanceCount: 2 },
    rollbackAlarms: [`${props.prefix}-${props.environment}-predictions`],
  };
}

async function heldOut(aws: Aws, props: WorkflowProps, processedDataUrl: string): Promise<Row[]> {
  const url = `${processedDataUrl.replace(/\/$/, "")}/holdout/test.csv`;
  const text = await readText(aws, objectAt(url));
  if (text === undefined) {
    throw new UsageError(
      `A rehearsal replays holdout/test.csv, but there is no ${url}: let ${props.processing.folder}/${props.processing.entryPoint} write its test rows to holdout/test.csv below --output-data, with a header, not transformed, and what to predict in the last column (docs/own-workflow.md)`,
    );
  }
  const rows = rowsOf(text);
  if (rows.length === 0) throw new FailedError(`${url} must contain rows with the label last, got none`);
  return rows;
}

/** The mean error at which the alarm fires; labels are right or wrong, so that the mean of a good model varies more. */
function highestError(mean: number, rows: readonly Row[]): number {
  const hasNumbers = rows.every(({ label }) => typeof label === "number");
  return 1.3 * mean + (hasNumbers ? 0 : 0.05);
}

function meanError({ answers }: Traffic): number {
  const errors = answers.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (errors.length === 0) {
    throw new FailedError(
      `The good model returned no prediction: ${answers[0]?.failure ?? "no request was sent"}`,
    );
  }
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** Creates an alarm on a business metric: here, the prediction error. */
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

function reportOutcomes(releases: readonly Release[], traffic: Traffic, options: RehearseOptions): void {
  const outcomes = releases.map(({ begun, until, ...release }) => ({
    ...release,
    ...counted(traffic.between(begun, until)),
  }));
  const inside = outcomes.reduce((sum, { failed }) => sum + failed, 0);
  const outside = counted(traffic.answers).failed - inside;
  const wrong = faults(outcomes, outside);
  const reasons = outcomes.flatMap(({ model, reason }) => (reason ? [`  ${model}: ${reason}`] : []));
  printResult(
    { outcomes, failedOutside: outside, faults: wrong },
    () => `\n${outcomesText(outcomes)}\n\nWhy\n${reasons.join("\n")}`,
    options,
  );
  if (wrong.length > 0) throw new FailedError(`The rehearsal went wrong:\n- ${wrong.join("\n- ")}`);
}
