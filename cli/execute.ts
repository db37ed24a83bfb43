import { readFileSync } from "node:fs";
import jsonata from "jsonata";
import { testRun, workflowProps } from "../config";
import { type ExecutionInput, inputProblems } from "../workflow/execution-input";
import { rawDataPrefix } from "../workflow/props";
import { testEndpoint } from "./endpoint-test";
import { DetachedError, FailedError, UsageError } from "./errors";
import { type ExecutionResult, startExecution } from "./execution";
import { describeFailure, readFailure } from "./failure";
import { interruption, keepLines, runTasks } from "./progress";
import { prepareEnvironments } from "./python";
import { executionOutput, failureReport, type RunReport, reportText, successReport } from "./report";
import { followInTask } from "./run";
import { SampleData } from "./sample-data";
import { announce, resolveTarget, type TargetOptions } from "./target";

export interface ExecuteOptions extends TargetOptions {
  readonly name?: string;
  readonly attach?: string;
  /** JSON, or the path of a file that holds it. */
  readonly input?: string;
  readonly uploadSampleData?: boolean;
  readonly timeout: number;
  readonly json: boolean;
}

interface Context {
  executionArn?: string;
  result?: ExecutionResult;
  predictions?: readonly unknown[];
}

/** Starts an execution, or follows one, to its end, and tests the endpoint. */
export async function execute(options: ExecuteOptions): Promise<void> {
  const given = options.input === undefined ? undefined : await readInput(options.input, options.env);
  const target = await resolveTarget(options);
  await announce(target);
  const { aws, stateMachineArn, bucketName } = target;
  const signal = interruption();
  const context = await runTasks<Context>(
    {},
    [
      {
        title: "Sample data",
        rendererOptions: keepLines,
        enabled: options.uploadSampleData === true,
        task: async (_, task) => {
          const python = await prepareEnvironments(["scikit-learn-1.2-1"], (line) => {
            task.output = line;
          });
          const interpreter = python["scikit-learn-1.2-1"]?.python as string;
          const data = await SampleData.get(testRun.sampleData, interpreter, (line) => {
            task.output = line;
          });
          try {
            const props = workflowProps(options.env);
            await data.upload(aws, props.data?.bucketName ?? bucketName, rawDataPrefix(props));
          } finally {
            await data.remove();
          }
        },
      },
      {
        title: "Execution",
        rendererOptions: keepLines,
        task: async (ctx, task) => {
          if (signal.aborted) throw new DetachedError("Interrupted before an execution was started");
          ctx.executionArn =
            options.attach === undefined
              ? await startExecution(
                  aws.sfn(),
                  stateMachineArn,
                  options.name ?? uniqueName(),
                  given ?? target.executionInput,
                )
              : executionArn(stateMachineArn, options.attach);
          ctx.result = await followInTask(aws, ctx.executionArn, task, options.timeout, signal);
        },
      },
      {
        title: "Endpoint test",
        enabled: (ctx) => ctx.result === undefined || ctx.result.description.status === "SUCCEEDED",
        task: async (ctx) => {
          const { EndpointName } = executionOutput(ctx.result as ExecutionResult);
          ctx.predictions = await testEndpoint(aws, EndpointName, testRun.instances);
        },
      },
    ],
    { silent: options.json },
  );
  const result = context.result as ExecutionResult;
  if (result.description.status === "SUCCEEDED") {
    printReport(successReport(result, context.predictions), options.json);
    return;
  }
  const failure = await readFailure(aws, result.description);
  if (options.json) printReport(failureReport(result, failure), true);
  throw new FailedError(describeFailure(failure));
}

/** A name that no execution has yet: when it was asked for, to the millisecond. */
export function uniqueName(): string {
  return `run-${new Date().toISOString().replace(/[-:.TZ]/g, "")}`;
}

export function printReport(report: RunReport, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(report, null, 2) : reportText(report)}\n`);
}

function executionArn(stateMachineArn: string, attach: string): string {
  if (attach.startsWith("arn:")) return attach;
  return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${attach}`;
}

/**
 * Reads an execution input and checks it by the very expression that the state machine checks it by.
 *
 * @throws UsageError that lists every problem, before anything is started
 */
export async function readInput(source: string, environment: string): Promise<ExecutionInput> {
  let input: unknown;
  try {
    input = JSON.parse(source.trimStart().startsWith("{") ? source : readFileSync(source, "utf8"));
  } catch (error) {
    throw new UsageError(`--input must be JSON or the path of a JSON file: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const props = workflowProps(environment);
  const rules = {
    dataPrefix: rawDataPrefix(props),
    hyperparameters: Object.keys(props.training.hyperparameters ?? {}),
  };
  const problems: string[] = await jsonata(inputProblems("$input0", rules)).evaluate({}, { input0: input });
  if (problems.length > 0) throw new UsageError(`The execution input is wrong:\n${problems.join("\n")}`);
  return input as ExecutionInput;
}
