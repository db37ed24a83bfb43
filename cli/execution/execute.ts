import { testRun, workflowProps } from "../../config";
import { executionArn } from "../../workflow/arns";
import { rawDataPrefix } from "../../workflow/props";
import { resolveTarget, type TargetOptions } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { prepareEnvironments } from "../emulator/python";
import { DetachedError, FailedError } from "../terminal/errors";
import { interruption, keepLines, runTasks } from "../terminal/progress";
import { testEndpoint } from "./endpoint-test";
import { type ExecutionResult, startExecution, uniqueName } from "./execution";
import { describeFailure, readFailure } from "./failure";
import { followInTask } from "./follow";
import { readInput } from "./input";
import { executionOutput, failureReport, printReport, successReport, unknownReport } from "./report";
import { SampleData } from "./sample-data";

interface ExecuteOptions extends TargetOptions {
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
export async function execute(name: string, options: ExecuteOptions): Promise<void> {
  const given = options.input === undefined ? undefined : await readInput(options.input, name);
  const target = await resolveTarget(name, options);
  await announce(target);
  const { aws, stateMachineArn, bucketName } = target;
  const signal = interruption();
  const context: Context = {};
  const tasks = runTasks(
    context,
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
            const props = workflowProps(name);
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
              : attachedArn(stateMachineArn, options.attach);
          ctx.result = await followInTask(aws, ctx.executionArn, task, options.timeout, signal);
        },
      },
      {
        title: "Endpoint test",
        enabled: (ctx) => ctx.result === undefined || ctx.result.description.status === "SUCCEEDED",
        task: async (ctx) => {
          const { EndpointName } = executionOutput(ctx.result as ExecutionResult);
          // A version that waits for approval has no endpoint yet.
          if (EndpointName === undefined) return;
          ctx.predictions = await testEndpoint(aws, EndpointName, testRun.instances);
        },
      },
    ],
    { silent: options.json },
  );
  await tasks.catch((error: unknown) => {
    // A machine, too, has to learn what to follow, or what was made before the endpoint did not answer.
    if (options.json && context.result !== undefined) printReport(successReport(context.result), true);
    else if (options.json && context.executionArn !== undefined) {
      printReport(unknownReport(context.executionArn), true);
    }
    throw error;
  });
  const result = context.result as ExecutionResult;
  if (result.description.status === "SUCCEEDED") {
    printReport(successReport(result, context.predictions), options.json);
    return;
  }
  const failure = await readFailure(aws, result.description);
  if (options.json) printReport(failureReport(result, failure), true);
  throw new FailedError(describeFailure(failure));
}

function attachedArn(stateMachineArn: string, attach: string): string {
  if (attach.startsWith("arn:")) return attach;
  return executionArn(stateMachineArn, attach);
}
