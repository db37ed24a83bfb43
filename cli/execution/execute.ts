import { testRun, workflowProps } from "../../configuration";
import { rawDataPrefix, type WorkflowProps } from "../../workflow/props";
import type { Aws } from "../account/clients";
import { resolveTarget, type TargetOptions } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { imageEnvironment, interpreter, prepareEnvironments } from "../emulator/python";
import { DetachedError, UsageError } from "../terminal/errors";
import { type JsonOptions, print, writeJson } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, TaskList } from "../terminal/progress";
import { testReleased } from "./endpoint-test";
import { type ExecutionResult, startExecution, uniqueName } from "./execution";
import { ExecutionFailedError, followToSuccess } from "./follow";
import { readInput } from "./input";
import { arnOf } from "./named-execution";
import { modelInService } from "./previous-model";
import { redriveNamed } from "./redriven";
import { failureReport, printReport, successReport, unknownReport } from "./report";
import { SampleData } from "./sample-data";
import { inputFrom, stageNamed } from "./stage";
import { unseenMetrics } from "./unseen-metrics";
import { withNextCommand } from "./with-next-command";

interface ExecuteOptions extends TargetOptions, JsonOptions {
  readonly name?: string;
  readonly attach?: string;
  readonly redrive?: string;
  /** A stage to start at, with the results of the execution `of`. */
  readonly from?: string;
  readonly of?: string;
  /** JSON, or the path of a JSON file. */
  readonly input?: string;
  readonly uploadSampleData?: boolean;
  readonly timeout: number;
}

/** Starts, redrives or attaches to an execution, follows it to its end, and tests the endpoint. */
export async function execute(name: string, options: ExecuteOptions): Promise<void> {
  const given = options.input === undefined ? undefined : await readInput(options.input, name);
  if ((options.from === undefined) !== (options.of === undefined)) {
    throw new UsageError("--from and --of belong together: a stage, and the execution whose results it uses");
  }
  const stage = options.from === undefined ? undefined : stageNamed(options.from);
  const target = await resolveTarget(name, options);
  await announce(target);
  const { aws, stateMachineArn, bucketName } = target;
  const input = stage === undefined ? given : await inputFrom(target, stage, options.of as string, given);
  const redriven =
    options.redrive === undefined ? undefined : await redriveNamed(target, options.redrive, name);
  if (redriven !== undefined && !options.json)
    print("Redriven, with the definition and the code that it began with");
  const signal = interruption();
  const previous = options.attach === undefined ? await modelInService(target) : undefined;
  const tasks = new TaskList();
  let arn = redriven?.arn;
  tasks.add("Sample data", (task) => uploadSampleData(aws, workflowProps(name), bucketName, task), {
    rendererOptions: keepLines,
    enabled: options.uploadSampleData === true,
  });
  const execution = tasks.add(
    "Execution",
    async (task) => {
      if (signal.aborted && arn === undefined)
        throw new DetachedError("Interrupted before an execution was started");
      const named = options.name ?? uniqueName();
      arn ??=
        options.attach === undefined
          ? await startExecution(aws.sfn(), stateMachineArn, named, input ?? target.executionInput, {
              onWait: (text) => {
                task.output = text;
              },
              signal,
            })
          : arnOf(stateMachineArn, options.attach);
      return await followToSuccess(target, redriven ?? arn, task, options.timeout, signal);
    },
    { rendererOptions: keepLines },
  );
  const predictions = tasks.add("Endpoint test", (task) => testReleased(target, execution.value, task));
  try {
    await tasks.run({ silent: options.json });
  } catch (error) {
    reportOutcome(error, execution.ifAny, arn, options);
    throw withNextCommand(error, name);
  }
  const found = {
    predictions: predictions.ifAny,
    previous,
    unseenMetrics: await unseenMetrics(aws, execution.value),
  };
  printReport(successReport(execution.value, found), options);
}

/** Writes as JSON what is known of an execution that failed, still runs, or whose endpoint did not respond. */
function reportOutcome(
  error: unknown,
  ended: ExecutionResult | undefined,
  arn: string | undefined,
  options: JsonOptions,
): void {
  if (error instanceof ExecutionFailedError) writeJson(failureReport(error.result, error.failure), options);
  else if (ended !== undefined) writeJson(successReport(ended), options);
  else if (arn !== undefined) writeJson(unknownReport(arn), options);
}

async function uploadSampleData(
  aws: Aws,
  props: WorkflowProps,
  bucketName: string,
  task: ProgressTask,
): Promise<void> {
  const onProgress = (line: string) => {
    task.output = line;
  };
  const python = await prepareEnvironments([imageEnvironment], onProgress);
  const data = await SampleData.get(testRun.sampleData, interpreter(python, imageEnvironment), onProgress);
  try {
    await data.upload(aws, props.data?.bucketName ?? bucketName, rawDataPrefix(props));
  } finally {
    await data.remove();
  }
}
