import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { captureOf, endpointSettings } from "../../workflow/endpoint/kinds";
import type { MonitorReport } from "../../workflow/steps/monitor-verdict";
import type { Aws } from "../account/clients";
import { announce, type Environment, openEnvironment, stateMachinesOf } from "../account/environment";
import { objectAt, readText } from "../account/objects";
import { startExecution, uniqueName } from "../execution/execution";
import { followToSuccess } from "../execution/follow";
import { withNextCommand } from "../execution/with-next-command";
import { projectRoot, runsFolder } from "../paths";
import { UsageError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { interruption, keepLines, TaskList } from "../terminal/progress";
import { monitorText } from "./text";
import { type WindowOptions, windowInput } from "./window";

interface MonitorOptions extends WindowOptions, JsonOptions {
  readonly timeout: number;
}

/** Judges what the endpoint has captured in a window, and keeps the report on this machine, too. */
export async function monitor(name: string, options: MonitorOptions): Promise<void> {
  const input = windowInput(options);
  const environment = openEnvironment(name);
  requireMonitor(environment);
  await announce(environment);
  const { aws } = environment;
  const { monitor: stateMachineArn } = await stateMachinesOf(environment);
  const signal = interruption();
  const tasks = new TaskList();
  const run = uniqueName();
  const execution = tasks.add(
    "Monitor",
    async (task) => {
      const arn = await startExecution(aws.sfn(), stateMachineArn, run, input, { signal });
      return await followToSuccess(environment, arn, task, options.timeout, signal);
    },
    { rendererOptions: keepLines },
  );
  const saved = tasks.add("Report", async (task) => {
    const report = JSON.parse(execution.value.description.output ?? "{}") as MonitorReport;
    const folder = await saveReport(aws, report, join(runsFolder, run));
    task.title = `Report in ${folder}/`;
    return { report, page: join(folder, "report.html") };
  });
  try {
    await tasks.run({ silent: options.json });
  } catch (error) {
    throw withNextCommand(error, name);
  }
  const { report, page } = saved.value;
  printResult(report, () => monitorText(report, page), options);
}

function requireMonitor({ name, workflow }: Environment): void {
  if (workflow.monitor === undefined) {
    throw new UsageError(
      "The workflow has no monitor: set workflow.monitor in config.ts, and deploy it (docs/monitoring.md)",
    );
  }
  if (captureOf(endpointSettings(workflow.endpoint, workflow.vpc !== undefined)) === undefined) {
    throw new UsageError(
      `The endpoint of environment ${name} captures no requests: set endpoint.capture in config.ts, deploy it, and release a model (docs/monitoring.md)`,
    );
  }
}

/** Copies the reports of a run into a folder, and returns it. */
async function saveReport(aws: Aws, { ReportUrl }: MonitorReport, folder: string): Promise<string> {
  const unfinished = `${folder}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  for (const name of ["report.json", "report.html"]) {
    const text = await readText(aws, objectAt(`${ReportUrl}${name}`));
    if (text !== undefined) await writeFile(join(unfinished, name), text);
  }
  await rename(unfinished, folder);
  return relative(projectRoot, folder);
}
