/** The files of `testRun.sampleData`. */

import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { suggestedFolder } from "./suggest";

/** Paths of all files below a folder, relative to it, except dotfiles. */
export function sampleFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !path.split("/").some((name) => name.startsWith(".")))
    .sort();
}

/** Why a folder cannot be uploaded as raw data; undefined if it can. */
export function sampleDataProblem(folder: string): string | undefined {
  const must = "testRun.sampleData must be a folder with files of data";
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return `${must}; there is no folder ${folder}${suggestedFolder(folder)}`;
  }
  const files = sampleFiles(folder);
  if (files.length === 0) return `${must}; ${folder} has no files: put your data there`;
  if (files.every((file) => statSync(join(folder, file)).size === 0)) {
    return `${must}; all files of ${folder} are empty: ${files.join(", ")}`;
  }
  return undefined;
}
