/** The folders of `.runs/`, each of which is written aside and then renamed. */

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** How the name of a folder ends while it is written. */
export const unfinishedEnd = ".unfinished";

/** Nothing takes as long to save. */
const abandonedAfterMilliseconds = 3_600_000;

/** The names of the runs that were saved in full. */
export function savedRuns(folder: string): string[] {
  return namesIn(folder).filter((name) => !name.endsWith(unfinishedEnd));
}

/** Removes what was killed while it was saved. */
export function removeAbandoned(folder: string, now = Date.now()): void {
  for (const name of namesIn(folder).filter((one) => one.endsWith(unfinishedEnd))) {
    const path = join(folder, name);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (now - changed > abandonedAfterMilliseconds) rmSync(path, { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
