/** The model that a new one is compared with when a run has ended. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../account/environment";
import { listVersions } from "../registry/model-versions";
import { savedRuns } from "./saved-runs";

export interface PreviousModel {
  /** Such as `version 3`. */
  readonly name: string;
  /** Number of the version, if it is one of the registry that the new model is in. */
  readonly version?: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The version in service; undefined if there is none, or it cannot be read, which does not keep a run from its report. */
export async function modelInService(environment: Environment): Promise<PreviousModel | undefined> {
  try {
    const found = (await listVersions(environment)).find(({ inService }) => inService);
    return found && { name: `version ${found.version}`, version: found.version, metrics: found.metrics };
  } catch {
    return undefined;
  }
}

/** The model of the newest run below `folder` whose endpoint has a name; undefined if there is none. */
export function modelOfLastRun(folder: string, endpoint: string): PreviousModel | undefined {
  const reports = savedRuns(folder)
    .map((name) => join(folder, name, "report.json"))
    .map((path) => ({ path, changed: statSync(path, { throwIfNoEntry: false })?.mtimeMs }))
    .filter(({ changed }) => changed !== undefined)
    .sort((one, other) => (other.changed ?? 0) - (one.changed ?? 0));
  for (const { path } of reports) {
    const { metrics, endpoint: tested } = JSON.parse(readFileSync(path, "utf8"));
    if (tested?.name === endpoint && metrics !== undefined) return { name: "last run", metrics };
  }
  return undefined;
}
