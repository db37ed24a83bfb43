import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { testRun, workflowProps } from "../../config";
import { localEnvironment } from "../../config-schema";
import { scriptKey } from "../../source-files";
import { hasGuardrails } from "../../workflow/guardrails";
import { rawDataPrefix, type WorkflowProps, workflowSettings } from "../../workflow/props";
import { Aws } from "../account/clients";
import { emulatorVariables } from "../account/emulator-address";
import { objectAt } from "../account/objects";
import { createLocalAlarms } from "../emulator/alarms";
import { EmulatorProcess, timeScaleText } from "../emulator/process";
import { type PreparedEnvironments, prepareEnvironments } from "../emulator/python";
import { createLocalResources, type LocalWorkflow } from "../emulator/resources";
import { projectRoot } from "../paths";
import { CliError, exitCodes, FailedError, OutcomeUnknownError, UsageError } from "../terminal/errors";
import { print, printToStderr } from "../terminal/print";
import { interruption, keepLines, runTasks } from "../terminal/progress";
import { testEndpoint } from "./endpoint-test";
import { type ExecutionResult, startExecution, uniqueName } from "./execution";
import { describeFailure, readFailure } from "./failure";
import { followInTask } from "./follow";
import { readInput } from "./input";
import { executionOutput, failureReport, printReport, type RunReport, successReport } from "./report";
import { SampleData } from "./sample-data";

interface StartOptions {
  readonly input?: string;
  readonly name?: string;
  readonly timeScale?: number;
  readonly faults?: string;
  readonly allowRecords?: boolean;
  readonly anyKey: boolean;
  readonly timeout: number;
  readonly keep: boolean;
  readonly json: boolean;
}

interface Context {
  environments?: PreparedEnvironments;
  emulator?: EmulatorProcess;
  aws?: Aws;
  workflow?: LocalWorkflow;
  sampleData?: Promise<SampleData>;
  readonly sampleDataLines: string[];
  result?: ExecutionResult;
  report?: RunReport;
}

/** Runs the whole workflow for real on this machine: emulator, resources, data, execution, endpoint. */
export async function start(options: StartOptions): Promise<void> {
  const props = workflowProps(localEnvironment);
  if (options.name !== undefined && existsSync(runFolder(options.name))) {
    throw new UsageError(
      `There is a run called ${options.name} in .runs/ already: give another --name, or remove it`,
    );
  }
  const input =
    options.input === undefined ? testRun.executionInput : await readInput(options.input, localEnvironment);
  const signal = interruption();
  const context: Context = { sampleDataLines: [] };
  try {
    await runTasks(context, tasks(options, props, input, signal), { silent: options.json });
    const { aws, result } = context as Required<Context>;
    if (context.report === undefined) {
      const failure = await readFailure(aws, result.description);
      if (options.json) printReport(failureReport(result, failure), true);
      throw new FailedError(describeFailure(failure));
    }
    printReport(context.report, options.json);
    if (options.keep) await stayUp(context as Required<Context>, options.json, signal);
  } catch (error) {
    if (signal.aborted) throw new CliError("Interrupted; the emulator is stopped", exitCodes.detached);
    if (error instanceof OutcomeUnknownError) {
      throw new OutcomeUnknownError(
        `The execution did not end within ${options.timeout} s, or the emulator could not be asked; both are stopped`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    const data = await context.sampleData?.catch(() => undefined);
    await Promise.all([data?.remove(), context.emulator?.stop()]);
  }
}

function tasks(options: StartOptions, props: WorkflowProps, input: object, signal: AbortSignal) {
  type Task = Parameters<typeof runTasks<Context>>[1][number];
  const list: Task[] = [
    {
      title: "Python environments",
      task: async (ctx, task) => {
        ctx.environments = await prepareEnvironments(["emulator", "scikit-learn-1.2-1"], (line) => {
          task.output = line;
        });
        // Made while the emulator starts; who waits for it is told of a failure.
        const python = interpreter(ctx, "scikit-learn-1.2-1");
        ctx.sampleData = SampleData.get(testRun.sampleData, python, (line) => ctx.sampleDataLines.push(line));
        ctx.sampleData.catch(() => {});
      },
    },
    {
      title: "Emulator",
      task: async (ctx, task) => {
        ctx.emulator = await EmulatorProcess.start(interpreter(ctx, "emulator"), options);
        const { endpoint, timeScale, isolation } = ctx.emulator.address;
        task.title = `Emulator at ${endpoint} (${timeScaleText(timeScale)}, jobs isolated by ${isolation})`;
        ctx.aws = new Aws(ctx.emulator.connection);
      },
    },
    {
      title: "Resources",
      task: async (ctx) => {
        const { aws, emulator } = ctx as Required<Context>;
        ctx.workflow = await createLocalResources(aws, emulator.address, props);
        const settings = workflowSettings(props, scriptKey);
        if (hasGuardrails(settings)) await createLocalAlarms(aws, settings);
      },
    },
    {
      title: "Sample data",
      rendererOptions: keepLines,
      task: async (ctx, task) => {
        const { aws, workflow, sampleData } = ctx as Required<Context>;
        const data = await sampleData;
        for (const line of ctx.sampleDataLines) task.output = line;
        await data.upload(aws, workflow.dataBucketName, rawDataPrefix(props));
      },
    },
    {
      title: "Execution",
      rendererOptions: keepLines,
      task: async (ctx, task) => {
        signal.throwIfAborted();
        const { aws, workflow } = ctx as Required<Context>;
        const name = options.name ?? uniqueName();
        const arn = await startExecution(aws.sfn(), workflow.stateMachineArn, name, input);
        ctx.result = await followInTask(aws, arn, task, options.timeout, signal);
      },
    },
    {
      title: "Endpoint test",
      skip: (ctx) => ctx.result?.description.status !== "SUCCEEDED",
      task: async (ctx) => {
        const { aws, result } = ctx as Required<Context>;
        const { EndpointName } = executionOutput(result);
        const predictions =
          EndpointName === undefined ? undefined : await testEndpoint(aws, EndpointName, testRun.instances);
        ctx.report = successReport(result, predictions);
      },
    },
    {
      title: "Artifacts",
      skip: (ctx) => ctx.report === undefined,
      task: async (ctx, task) => {
        const { aws, report } = ctx as Required<Context>;
        task.title = `Artifacts in ${await saveRun(aws, report)}/`;
      },
    },
  ];
  return list;
}

function interpreter(ctx: Context, name: string): string {
  const python = ctx.environments?.[name]?.python;
  if (python === undefined) throw new FailedError(`The Python environment ${name} was not prepared`);
  return python;
}

/** Copies what the run made out of the emulator, which forgets everything, and returns the folder. */
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

/** Keeps the endpoint up until Ctrl-C. */
async function stayUp(
  { emulator, report }: Required<Context>,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const endpoint = report.endpoint?.name;
  const { accessKeyId, secretAccessKey } = emulator.address;
  const url = `${emulator.address.endpoint}/endpoints/${endpoint}/invocations`;
  const body = JSON.stringify({ instances: testRun.instances });
  const tell = json ? printToStderr : print;
  tell(
    [
      "",
      `The endpoint ${endpoint} is up until Ctrl-C. Ask it:`,
      `  curl -s --aws-sigv4 aws:amz:${emulator.address.region}:sagemaker -u ${accessKeyId}:${secretAccessKey} ${url} -H 'Content-Type: application/json' -d '${body}'`,
      "or with any AWS SDK or CLI, with these variables:",
      ...Object.entries(emulatorVariables(emulator.connection)).map(
        ([name, value]) => `  export ${name}=${value}`,
      ),
    ].join("\n"),
  );
  await Promise.race([
    emulator.ended.then(() => {
      throw new FailedError("The emulator has ended by itself");
    }),
    new Promise((settle) => signal.addEventListener("abort", settle)),
  ]);
}
