import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { testRun, workflowProps } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import { scriptKey } from "../../source-files";
import { hasGuardrails } from "../../workflow/endpoint/guardrails";
import { rawDataPrefix, type WorkflowProps, workflowSettings } from "../../workflow/props";
import { Aws } from "../account/clients";
import { emulatorVariables } from "../account/emulator-address";
import { objectAt } from "../account/objects";
import { createLocalAlarms } from "../emulator/alarms";
import { EmulatorProcess, timeScaleText } from "../emulator/process";
import { interpreter, type PreparedEnvironments, prepareEnvironments } from "../emulator/python";
import { createLocalResources } from "../emulator/resources";
import { projectRoot } from "../paths";
import { CliError, exitCodes, FailedError, OutcomeUnknownError, UsageError } from "../terminal/errors";
import { type JsonOptions, print, printToStderr, writeJson } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, TaskList } from "../terminal/progress";
import { testReleased } from "./endpoint-test";
import { startExecution, uniqueName } from "./execution";
import { ExecutionFailedError, followToSuccess } from "./follow";
import { readInput } from "./input";
import { executionOutput, failureReport, printReport, type RunReport, successReport } from "./report";
import { SampleData } from "./sample-data";

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
    if (options.keep)
      await stayUp(run.cloud.value.emulator, run.report.value.endpoint?.name, options.json, signal);
  } catch (error) {
    if (error instanceof ExecutionFailedError) writeJson(failureReport(error.result, error.failure), options);
    if (options.keep && error instanceof FailedError && run.cloud.ifAny?.emulator.isRunning) {
      printToStderr(error.message);
      const ended = run.result.ifAny;
      const endpoint = ended && executionOutput(ended).EndpointName;
      await stayUp(run.cloud.value.emulator, endpoint, options.json, signal);
      throw new FailedError("The emulator has stopped; the run had failed");
    }
    if (signal.aborted) throw new CliError("Interrupted; the emulator has stopped", exitCodes.detached);
    if (error instanceof OutcomeUnknownError) {
      throw new OutcomeUnknownError(
        `The execution did not end within ${options.timeout} s, or the emulator did not respond; both have stopped`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    const data = await run.python.ifAny?.sampleData.catch(() => undefined);
    await Promise.all([data?.remove(), run.cloud.ifAny?.emulator.stop()]);
  }
}

/** The tasks of a run; later ones use what earlier ones return. */
function plan(options: StartOptions, props: WorkflowProps, input: object, signal: AbortSignal) {
  const tasks = new TaskList();
  const python = tasks.add("Python environments", preparePython);
  const cloud = tasks.add("Emulator", (task) => startEmulator(python.value.environments, options, task));
  const workflow = tasks.add("Resources", async () => {
    const { aws, emulator } = cloud.value;
    const made = await createLocalResources(aws, emulator.address, props);
    const settings = workflowSettings(props, scriptKey);
    if (hasGuardrails(settings)) await createLocalAlarms(aws, settings);
    return made;
  });
  const kept = { rendererOptions: keepLines };
  tasks.add(
    "Sample data",
    async (task) => {
      const data = await python.value.sampleData;
      for (const line of python.value.sampleDataLines) task.output = line;
      await data.upload(cloud.value.aws, workflow.value.dataBucketName, rawDataPrefix(props));
    },
    kept,
  );
  const result = tasks.add(
    "Execution",
    async (task) => {
      signal.throwIfAborted();
      const { aws } = cloud.value;
      const name = options.name ?? uniqueName();
      const arn = await startExecution(aws.sfn(), workflow.value.stateMachineArn, name, input);
      return await followToSuccess(aws, arn, task, options.timeout, signal);
    },
    kept,
  );
  const report = tasks.add("Endpoint test", async (task) =>
    successReport(result.value, await testReleased(cloud.value.aws, result.value, task)),
  );
  tasks.add("Artifacts", async (task) => {
    task.title = `Artifacts in ${await saveRun(cloud.value.aws, report.value)}/`;
  });
  return { tasks, python, cloud, result, report };
}

async function preparePython(task: ProgressTask) {
  const environments = await prepareEnvironments(["emulator", "scikit-learn-1.2-1"], (line) => {
    task.output = line;
  });
  const sampleDataLines: string[] = [];
  const sampleData = SampleData.get(
    testRun.sampleData,
    interpreter(environments, "scikit-learn-1.2-1"),
    (line) => sampleDataLines.push(line),
  );
  // The data is created while the emulator starts; the task that awaits it reports a failure.
  sampleData.catch(() => {});
  return { environments, sampleData, sampleDataLines };
}

async function startEmulator(python: PreparedEnvironments, options: StartOptions, task: ProgressTask) {
  const emulator = await EmulatorProcess.start(interpreter(python, "emulator"), options);
  const { endpoint, timeScale, isolation } = emulator.address;
  task.title = `Emulator at ${endpoint} (${timeScaleText(timeScale)}, jobs isolated by ${isolation})`;
  return { emulator, aws: new Aws(emulator.connection) };
}

/** Copies the run's artifacts out of the emulator, which loses them when it stops, and returns the folder. */
async function saveRun(aws: Aws, report: RunReport): Promise<string> {
  const folder = runFolder(report.execution.name);
  const unfinished = `${folder}.unfinished`;
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
  return resolve(projectRoot, ".runs", name);
}

/** Keeps the emulator up until Ctrl-C, and says how to call it and the endpoint that it may have. */
async function stayUp(
  emulator: EmulatorProcess,
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
  await Promise.race([
    emulator.ended.then(() => {
      throw new FailedError("The emulator ended unexpectedly");
    }),
    new Promise((settle) => signal.addEventListener("abort", settle)),
  ]);
}

function curlLine({ address }: EmulatorProcess, endpoint: string): string {
  const url = `${address.endpoint}/endpoints/${endpoint}/invocations`;
  const body = JSON.stringify({ instances: testRun.instances });
  return `  curl -s --aws-sigv4 aws:amz:${address.region}:sagemaker -u ${address.accessKeyId}:${address.secretAccessKey} ${url} -H 'Content-Type: application/json' -d '${body}'`;
}
