import { announce, openEnvironment } from "../account/environment";
import { type JsonOptions, printResult } from "../terminal/print";
import { readTuningRun } from "./run";
import { tuningText } from "./text";

/** Shows the training jobs of a tuning job: hyperparameters, objective, state, and what mattered. */
export async function tuning(name: string, job: string | undefined, options: JsonOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const run = await readTuningRun(environment, job);
  printResult(run, () => tuningText(run), options);
}
