import { workflowProps } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import { CliError, exitCodes, FailedError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { interruption, stoppedText, TaskList } from "../terminal/progress";
import { drillWorkflow } from "./campaign";
import { drillText } from "./text";

/** Lets every call of the state machines fail in every documented way, in an emulator of its own, and checks the ends. */
export async function drill(options: JsonOptions): Promise<void> {
  const signal = interruption();
  const tasks = new TaskList();
  const report = tasks.add("Fault drill", async (task) => {
    const title = task.title;
    const onProgress = (text: string) => {
      task.title = `${title}: ${text}`;
    };
    const found = await drillWorkflow(workflowProps(localEnvironment), { onProgress, signal });
    task.title = title;
    return found;
  });
  try {
    await tasks.run({ silent: options.json });
  } catch (error) {
    if (signal.aborted) throw new CliError(stoppedText, exitCodes.detached);
    throw error;
  }
  const { problems } = report.value;
  printResult(report.value, () => drillText(report.value), options);
  if (problems.length > 0) {
    throw new FailedError(`The drill found ${problems.length} faults:\n- ${problems.join("\n- ")}`);
  }
}
