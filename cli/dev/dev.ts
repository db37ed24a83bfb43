import { testRun, workflowProps } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import type { ExecutionInput } from "../../workflow/execution-input";
import type { EmulatorOptions } from "../emulator/process";
import { readInput } from "../execution/input";
import { addPreparation } from "../execution/preparation";
import { FailedError } from "../terminal/errors";
import { printToStderr } from "../terminal/print";
import { interruption, stoppedText, TaskList } from "../terminal/progress";
import { devProps } from "./current";
import { Loop } from "./loop";

interface DevOptions extends Pick<EmulatorOptions, "timeScale"> {
  readonly input?: string;
}

/** Runs the workflow in the emulator, and again from the step whose script was saved, until Ctrl-C. */
export async function dev(options: DevOptions): Promise<void> {
  const input: ExecutionInput | undefined =
    options.input === undefined ? undefined : await readInput(options.input, localEnvironment);
  const signal = interruption();
  const props = devProps(workflowProps(localEnvironment));
  const tasks = new TaskList();
  const { cloud, workflow, stop } = addPreparation(tasks, options, props);
  try {
    await tasks.run({ silent: false });
    const { aws, emulator } = cloud.value;
    const loop = new Loop({ aws, workflow: workflow.value }, { props, testRun }, input);
    const died = emulator.ended.then(() => {
      throw new FailedError("The emulator ended unexpectedly");
    });
    await Promise.race([loop.run(signal), died]);
  } finally {
    await stop();
  }
  printToStderr(stoppedText);
}
