import { testRun } from "../../configuration";
import { scriptKey } from "../../source-files";
import { hasGuardrails } from "../../workflow/endpoint/guardrails";
import { rawDataPrefix, type WorkflowProps, workflowSettings } from "../../workflow/props";
import { Aws } from "../account/clients";
import { createLocalAlarms } from "../emulator/alarms";
import { type EmulatorOptions, EmulatorProcess, timeScaleText } from "../emulator/process";
import {
  imageEnvironment,
  interpreter,
  type PreparedEnvironments,
  prepareEnvironments,
} from "../emulator/python";
import { createLocalResources } from "../emulator/resources";
import { keepLines, type ProgressTask, type TaskList } from "../terminal/progress";
import { SampleData } from "./sample-data";

/** Adds the tasks that come before a run on this machine: Python environments, emulator, resources, sample data. */
export function addPreparation(tasks: TaskList, options: EmulatorOptions, props: WorkflowProps) {
  const python = tasks.add("Python environments", preparePython);
  const cloud = tasks.add("Emulator", (task) => startEmulator(python.value.environments, options, task));
  const workflow = tasks.add("Resources", async () => {
    const { aws, emulator } = cloud.value;
    const made = await createLocalResources(aws, emulator.address, props);
    const settings = workflowSettings(props, scriptKey);
    if (hasGuardrails(settings)) await createLocalAlarms(aws, settings);
    return made;
  });
  tasks.add(
    "Sample data",
    async (task) => {
      const data = await python.value.sampleData;
      for (const line of python.value.sampleDataLines) task.output = line;
      await data.upload(cloud.value.aws, workflow.value.dataBucketName, rawDataPrefix(props));
    },
    { rendererOptions: keepLines },
  );
  return {
    cloud,
    workflow,
    /** Stops the emulator and removes what was made for it, however far the tasks came. */
    async stop() {
      const data = await python.ifAny?.sampleData.catch(() => undefined);
      await Promise.all([data?.remove(), cloud.ifAny?.emulator.stop()]);
    },
  };
}

async function preparePython(task: ProgressTask) {
  const environments = await prepareEnvironments(["emulator", imageEnvironment], (line) => {
    task.output = line;
  });
  const sampleDataLines: string[] = [];
  const sampleData = SampleData.get(testRun.sampleData, interpreter(environments, imageEnvironment), (line) =>
    sampleDataLines.push(line),
  );
  // The data is created while the emulator starts; the task that awaits it reports a failure.
  sampleData.catch(() => {});
  return { environments, sampleData, sampleDataLines };
}

async function startEmulator(python: PreparedEnvironments, options: EmulatorOptions, task: ProgressTask) {
  const emulator = await EmulatorProcess.start(interpreter(python, "emulator"), options);
  const { endpoint, timeScale, isolation } = emulator.address;
  task.title = `Emulator at ${endpoint} (${timeScaleText(timeScale)}, jobs isolated by ${isolation})`;
  return { emulator, aws: new Aws(emulator.connection) };
}
