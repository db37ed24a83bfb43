import { announce, openEnvironment } from "../account/environment";
import { refuseWhileRunning } from "../account/running-executions";
import { agreed } from "../terminal/confirm";
import { type JsonOptions, print, printToStderr, writeJson } from "../terminal/print";
import { findLeftovers, isEmpty, type Leftovers, superseded } from "./find";
import { removeLeftovers } from "./remove";
import { countObjects, leftoversText } from "./text";

interface CleanupOptions extends JsonOptions {
  /** Only configurations and models that no endpoint uses. */
  readonly superseded: boolean;
  readonly yes: boolean;
}

/** Removes what executions created: lists it, asks for confirmation, and deletes in an order that works; refuses while executions or releases run. */
export async function cleanup(name: string, options: CleanupOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  await refuseWhileRunning(environment);
  const all = await findLeftovers(environment);
  const found = options.superseded ? await superseded(environment, all) : all;
  const printLine = options.json ? printToStderr : print;
  printLine(leftoversText(found));
  if (!isEmpty(found)) {
    if (!(await agreed("Delete all of this?", options.yes))) {
      printLine("Nothing was deleted.");
      return;
    }
    await removeLeftovers(environment, found, printLine);
  }
  writeJson({ removed: namesOf(found) }, options);
}

function namesOf(found: Leftovers) {
  const {
    experiments,
    tuningJobs,
    endpoints,
    endpointConfigs,
    models,
    modelPackages,
    logGroups,
    logStreams,
    objects,
  } = countObjects(found);
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
  return {
    experiments,
    tuningJobs: names(tuningJobs),
    endpoints: names(endpoints),
    endpointConfigs: names(endpointConfigs),
    models: names(models),
    modelPackages: names(modelPackages),
    logGroups: names(logGroups),
    logStreams: names(logStreams),
    objects,
  };
}
