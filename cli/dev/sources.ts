import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sampleFiles } from "../../configuration/sample-data";
import { sourceFiles } from "../../source-files";
import type { Sources } from "./steps";

/** What editors leave beside a file while they save it, or for longer. */
const editorFile = /(^|\/)(#[^/]*#|[^/]*~|[^/]*\.(tmp|bak|orig)|[^/]*___jb_(tmp|old)___|4913)$/;

/** The code files of folders, as they are packed, without what editors leave there. */
function filesIn(folder: string): string[] {
  return sourceFiles(folder).filter((path) => !editorFile.test(path));
}

/** Reads the code files of folders. */
export function readSources(folders: readonly string[]): Sources {
  const read = (folder: string) =>
    new Map(filesIn(folder).map((path) => [path, readFileSync(join(folder, path))]));
  return new Map([...new Set(folders)].map((folder) => [folder, read(folder)]));
}

/**
 * A text that changes when one of the files is saved.
 *
 * Looking is as quick as it is simple: events of the file system do not come from mounted folders, and differ for each
 * way in which editors save.
 */
export function saveState(folders: readonly string[], files: readonly string[], sampleData?: string): string {
  try {
    const all = [...folders.flatMap((folder) => filesIn(folder).map((path) => join(folder, path))), ...files];
    const stamped = [...all.map((path) => [path, stamp(path)]), ...dataState(sampleData)];
    return stamped.map((one) => one.join(":")).join("\n");
  } catch (error) {
    // A file that goes while it is looked at will be seen the next time.
    return (error as Error).message;
  }
}

/** What the files of sample data look like, by path; nothing of data without a folder. They may be too large to read. */
export function dataState(folder: string | undefined): ReadonlyMap<string, string> {
  if (folder === undefined) return new Map();
  const paths = sampleFiles(folder).filter((path) => !editorFile.test(path));
  return new Map(paths.map((path) => [join(folder, path), stamp(join(folder, path))]));
}

function stamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "gone" : `${found.mtimeMs}:${found.size}:${found.ino}`;
}
