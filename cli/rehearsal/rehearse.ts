import { setTimeout as sleep } from "node:timers/promises";
import { PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { testRun, workflowProps } from "../../configuration";
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
import { interpreter, prepareEnvironments } from "../emulator/python";
import { createLocalResources } from "../emulator/resources";
import { executionOutput } from "../execution/report";
import { SampleData } from "../execution/sample-data";
import { CliError, exitCodes, FailedError, UsageError } from "../terminal/errors";
import { print, printJson } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, TaskList } from "../terminal/progress";
import { approveVersion, registerSpoiled } from "./models";
import { counted, type Expected, faults, outcomesText } from "./outcome";
import { quietAlarms, type Release, release, runToSuccess, type Shown } from "./releases";
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
  const run = plan(options, props, worseHyperParameters, signal);
  try {
    await run.tasks.run({ silent: options.json });
    await run.traffic.value.stop();
    const releases = run.releases.map(({ value }) => value);
    tell(releases, run.traffic.value, options);
  } catch (error) {
    if (signal.aborted) throw new CliError("Interrupted; the emulator is stopped", exitCodes.detached);
    throw error;
  } finally {
    await run.cloud.ifAny?.emulator.stop();
  }
}

/** The tasks of a rehearsal; the later ones take what the earlier ones return. */
function plan(
  options: RehearseOptions,
  props: WorkflowProps,
  worseHyperParameters: ExecutionInput["HyperParameters"],
  signal: AbortSignal,
) {
  const tasks = new TaskList();
  const kept = { rendererOptions: keepLines };
  const cloud = tasks.add("Emulator", (task) => deployLocally(props, options, task));
  const shown = (task: ProgressTask): Shown => ({ task, timeoutSeconds: options.timeout, signal });
  tasks.add("Sample data", (task) => uploadSampleData(cloud.value, props, task), kept);
  const good = tasks.add(
    "Training of a good model",
    async (task) => {
      const { version, processedDataUrl } = await train(cloud.value, {}, shown(task));
      return { version, rows: await heldOut(cloud.value.aws, processedDataUrl) };
    },
    kept,
  );
  const versions = tasks.add(
    "Training of the models to release",
    (task) => versionsToRelease(cloud.value, props, good.value.version, worseHyperParameters, shown(task)),
    kept,
  );
  tasks.add(
    "First release",
    async (task) => {
      const { aws, workflow } = cloud.value;
      const input = { ModelPackageArn: good.value.version };
      await runToSuccess(aws, workflow.releaseStateMachineArn, input, shown(task));
    },
    kept,
  );
  const traffic = tasks.add(`Traffic, ${options.rate} requests a second`, (task) =>
    startTraffic(cloud.value.aws, props, good.value.rows, options.rate, shown(task)),
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
          shown(task),
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

/** The workflow in an emulator of its own. */
async function deployLocally(props: WorkflowProps, { timeScale }: RehearseOptions, task: ProgressTask) {
  const environments = await prepareEnvironments(["emulator", "scikit-learn-1.2-1"], (line) => {
    task.output = line;
  });
  const emulator = await EmulatorProcess.start(interpreter(environments, "emulator"), { timeScale });
  try {
    task.title = `Emulator at ${emulator.address.endpoint} (${timeScaleText(emulator.address.timeScale)})`;
    const aws = new Aws(emulator.connection);
    const workflow = await createLocalResources(aws, emulator.address, props);
    await createLocalAlarms(aws, workflowSettings(props, scriptKey));
    return { emulator, aws, workflow, python: interpreter(environments, "scikit-learn-1.2-1") };
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

/** Trains a model, and returns the version that it becomes. */
async function train({ aws, workflow }: Cloud, input: ExecutionInput, shown: Shown) {
  const trained = await runToSuccess(aws, workflow.stateMachineArn, input, shown);
  const { ModelPackageArn: version, ProcessedDataUrl: processedDataUrl } = executionOutput(trained);
  return { version, processedDataUrl };
}

/** The models that are released, good and bad, by their ARNs; all are approved. */
async function versionsToRelease(
  cloud: Cloud,
  props: WorkflowProps,
  good: string,
  worseHyperParameters: ExecutionInput["HyperParameters"],
  shown: Shown,
): Promise<Readonly<Record<string, string>>> {
  const { aws, python } = cloud;
  // Whatever its metric: here the release is to find out.
  const Threshold = props.gate.better === "smaller" ? Number.MAX_VALUE : -Number.MAX_VALUE;
  const { version: another } = await train(cloud, { HyperParameters: {}, Threshold }, shown);
  const { version: worse } = await train(cloud, { HyperParameters: worseHyperParameters, Threshold }, shown);
  const fails = await registerSpoiled(aws, python, good, "fails");
  const slow = await registerSpoiled(aws, python, good, "slow");
  for (const version of [good, another, worse]) await approveVersion(aws, version);
  return { "is good": another, fails, "is slow": slow, "is worse": worse };
}

/** Replays the held-out rows, and sets the alarm on wrong predictions by what a good model answers. */
async function startTraffic(
  aws: Aws,
  props: WorkflowProps,
  rows: readonly Row[],
  rate: number,
  { task, signal }: Shown,
): Promise<Traffic> {
  const traffic = new Traffic(aws, stableEndpointName(props), rows, rate);
  traffic.start();
  await sleep(baselineSeconds * 1000, undefined, { signal });
  const threshold = 1.3 * meanError(traffic);
  await createBusinessAlarm(aws, props.rollbackAlarms?.[0] as string, threshold);
  task.title = `${task.title}; predictions may be off by ${threshold.toPrecision(3)} on average`;
  return traffic;
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

function tell(releases: readonly Release[], traffic: Traffic, { json }: RehearseOptions): void {
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
