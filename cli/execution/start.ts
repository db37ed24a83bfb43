import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { testRun, workflowProps } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import type { WorkflowProps } from "../../workflow/props";
import type { Aws } from "../account/clients";
import { emulatorVariables } from "../account/emulator-address";
import { objectAt } from "../account/objects";
import { type EmulatorProcess, olderEmulatorText } from "../emulator/process";
import { projectRoot, runsFolder } from "../paths";
import { CliError, exitCodes, FailedError, OutcomeUnknownError, UsageError } from "../terminal/errors";
import { type JsonOptions, print, printToStderr, writeJson } from "../terminal/print";
import { interruption, keepLines, stoppedText, TaskList } from "../terminal/progress";
import { showEndpointErrorsUntil } from "./endpoint-errors";
import { testReleased } from "./endpoint-test";
import { startExecution, uniqueName } from "./execution";
import { ExecutionFailedError, followToSuccess } from "./follow";
import { readInput } from "./input";
import { nextText } from "./next-text";
import { addPreparation } from "./preparation";
import { modelOfLastRun } from "./previous-model";
import { executionOutput, failureReport, printReport, type RunReport, successReport } from "./report";
import { removeAbandoned, unfinishedEnd } from "./saved-runs";
import { unseenMetrics } from "./unseen-metrics";

interface StartOptions extends JsonOptions {
  readonly input?: string;
  readonly name?: string;
  readonly timeScale?: number;
  readonly faults?: string;
  readonly allowRecords?: boolean;
  readonly anyKey: boolean;
  readonly timeout: number;
  readonly keep: boolean;
}

/** Runs the whole workflow on this machine: emulator, resources, data, execution, endpoint. */
export async function start(options: StartOptions): Promise<void> {
  const props = workflowProps(localEnvironment);
  if (options.name !== undefined && existsSync(runFolder(options.name))) {
    throw new UsageError(
      `--name must be new, but .runs/${options.name} already exists: pass another name, or remove the folder`,
    );
  }
  const input =
    options.input === undefined ? testRun.executionInput : await readInput(options.input, localEnvironment);
  const signal = interruption();
  const run = plan(options, props, input, signal);
  try {
    await run.tasks.run({ silent: options.json });
    printReport(run.report.value, options);
    if (!options.keep && !options.json) print(nextText(props));
    if (options.keep)
      await stayUp(run.cloud.value, props, run.report.value.endpoint?.name, options.json, signal);
  } catch (error) {
    throw await reported(error, run, props, options, signal);
  } finally {
    await run.stop();
  }
  if (options.keep) printToStderr(stoppedText);
}

/** Reports a failure, keeps the emulator up if asked to, and returns the error that ends the command. */
async function reported(
  error: unknown,
  run: ReturnType<typeof plan>,
  props: WorkflowProps,
  options: StartOptions,
  signal: AbortSignal,
): Promise<unknown> {
  if (error instanceof ExecutionFailedError) writeJson(failureReport(error.result, error.failure), options);
  if (options.keep && error instanceof FailedError && run.cloud.ifAny?.emulator.isRunning) {
    printToStderr(error.message);
    const ended = run.result.ifAny;
    const endpoint = ended && executionOutput(ended).EndpointName;
    await stayUp(run.cloud.value, props, endpoint, options.json, signal);
    return new FailedError(`${stoppedText}; the run had failed`);
  }
  if (signal.aborted) return new CliError(stoppedText, exitCodes.detached);
  if (error instanceof OutcomeUnknownError) {
    return new OutcomeUnknownError(
      `The execution did not end within ${options.timeout} s, or the emulator did not respond; both have stopped`,
      { cause: error },
    );
  }
  return error;
}

/** The tasks of a run; later ones use what earlier ones return. */
function plan(options: StartOptions, props: WorkflowProps, input: object, signal: AbortSignal) {
  const tasks = new TaskList();
  const { cloud, workflow, stop } = addPreparation(tasks, options, props);
  const result = tasks.add(
    "Execution",
    async (task) => {
      signal.throwIfAborted();
      const { aws } = cloud.value;
      const name = options.name ?? uniqueName();
      const arn = await startExecution(aws.sfn(), workflow.value.stateMachineArn, name, input);
      return await followToSuccess({ aws, workflow: props }, arn, task, options.timeout, signal);
    },
    { rendererOptions: keepLines },
  );
  const report = tasks.add("Endpoint test", async (task) => {
    const { aws } = cloud.value;
    const predictions = await testReleased({ aws, workflow: props }, result.value, task);
    const { EndpointName = "" } = executionOutput(result.value);
    return successReport(result.value, {
      predictions,
      previous: modelOfLastRun(runsFolder, EndpointName),
      unseenMetrics: await unseenMetrics(aws, result.value),
    });
  });
  tasks.add("Artifacts", async (task) => {
    task.title = `Artifacts in ${await saveRun(cloud.value.aws, report.value)}/`;
  });
  return { tasks, cloud, result, report, stop };
}

/** Copies the run's artifacts out of the emulator, which loses them when it stops, and returns the folder. */
async function saveRun(aws: Aws, report: RunReport): Promise<string> {
  const folder = runFolder(report.execution.name);
  const unfinished = `${folder}${unfinishedEnd}`;
  removeAbandoned(runsFolder);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const { model = "", evaluation = "" } = report.artifacts ?? {};
  for (const url of [model, evaluation]) {
    const { Body } = await aws.s3().send(new GetObjectCommand(objectAt(url)));
    await pipeline(Body as Readable, createWriteStream(join(unfinished, basename(url))));
  }
  await writeFile(join(unfinished, "report.json"), JSON.stringify(report, null, 2));
  await rename(unfinished, folder);
  return relative(projectRoot, folder);
}

function runFolder(name: string): string {
  return join(runsFolder, name);
}

/** Keeps the emulator up until Ctrl-C: says how to call it and the endpoint that it may have, and shows what fails in that. */
async function stayUp(
  { aws, emulator }: { readonly aws: Aws; readonly emulator: EmulatorProcess },
  workflow: WorkflowProps,
  endpoint: string | undefined,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const printLines = json ? printToStderr : print;
  const invoke =
    endpoint === undefined
      ? ["", "The emulator is up until Ctrl-C, with everything that the run made. Call it"]
      : ["", `The endpoint ${endpoint} is up until Ctrl-C. Invoke it:`, curlLine(emulator, endpoint), "or"];
  const variables = Object.entries(emulatorVariables(emulator.connection));
  printLines(
    [
      ...invoke.slice(0, -1),
      `${invoke.at(-1)} with any AWS SDK or CLI, with these variables:`,
      ...variables.map(([name, value]) => `  export ${name}=${value}`),
    ].join("\n"),
  );
  const older = olderEmulatorText(emulator.address);
  if (older !== undefined) printLines(older);
  const ended = Promise.race([
    emulator.ended.then(() => {
      throw new FailedError("The emulator ended unexpectedly");
    }),
    new Promise((settle) => signal.addEventListener("abort", settle)),
  ]);
  await showEndpointErrorsUntil(ended, { aws, workflow }, printLines);
}

function curlLine({ address }: EmulatorProcess, endpoint: string): string {
  const url = `${address.endpoint}/endpoints/${endpoint}/invocations`;
  const body = JSON.stringify({ instances: testRun.instances });
  return `  curl -s --aws-sigv4 aws:amz:${address.region}:sagemaker -u ${address.accessKeyId}:${address.secretAccessKey} ${url} -H 'Content-Type: application/json' -d '${body}'`;
}
