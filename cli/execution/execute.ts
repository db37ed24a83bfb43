import { testRun, workflowProps } from "../../configuration";
import { executionArn } from "../../workflow/arns";
import { rawDataPrefix, type WorkflowProps } from "../../workflow/props";
import type { Aws } from "../account/clients";
import { resolveTarget, type TargetOptions } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { imageEnvironment, interpreter, prepareEnvironments } from "../emulator/python";
import { DetachedError } from "../terminal/errors";
import { type JsonOptions, writeJson } from "../terminal/print";
import { interruption, keepLines, type ProgressTask, TaskList } from "../terminal/progress";
import { testReleased } from "./endpoint-test";
import { type ExecutionResult, startExecution, uniqueName } from "./execution";
import { ExecutionFailedError, followToSuccess } from "./follow";
import { readInput } from "./input";
import { modelInService } from "./previous-model";
import { failureReport, printReport, successReport, unknownReport } from "./report";
import { SampleData } from "./sample-data";
import { unseenMetrics } from "./unseen-metrics";

interface ExecuteOptions extends TargetOptions, JsonOptions {
  readonly name?: string;
  readonly attach?: string;
  /** JSON, or the path of a JSON file. */
  readonly input?: string;
  readonly uploadSampleData?: boolean;
  readonly timeout: number;
}

/** Starts or attaches to an execution, follows it to its end, and tests the endpoint. */
export async function execute(name: string, options: ExecuteOptions): Promise<void> {
  const given = options.input === undefined ? undefined : await readInput(options.input, name);
  const target = await resolveTarget(name, options);
  await announce(target);
  const { aws, stateMachineArn, bucketName } = target;
  const signal = interruption();
  const previous = options.attach === undefined ? await modelInService(target) : undefined;
  const tasks = new TaskList();
  let arn: string | undefined;
  tasks.add("Sample data", (task) => uploadSampleData(aws, workflowProps(name), bucketName, task), {
    rendererOptions: keepLines,
    enabled: options.uploadSampleData === true,
  });
  const execution = tasks.add(
    "Execution",
    async (task) => {
      if (signal.aborted) throw new DetachedError("Interrupted before an execution was started");
      const named = options.name ?? uniqueName();
      arn =
        options.attach === undefined
          ? await startExecution(aws.sfn(), stateMachineArn, named, given ?? target.executionInput)
          : attachedArn(stateMachineArn, options.attach);
      return await followToSuccess(target, arn, task, options.timeout, signal);
    },
    { rendererOptions: keepLines },
  );
  const predictions = tasks.add("Endpoint test", (task) => testReleased(target, execution.value, task));
  try {
    await tasks.run({ silent: options.json });
  } catch (error) {
    reportOutcome(error, execution.ifAny, arn, options);
    throw error;
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

function attachedArn(stateMachineArn: string, attach: string): string {
  if (attach.startsWith("arn:")) return attach;
  return executionArn(stateMachineArn, attach);
}
