import { join } from "node:path";
import { sourceFiles } from "../../source-files";
import type { JobKind } from "../../workflow/job-kinds";
import type { WorkflowProps } from "../../workflow/props";

type ScriptName = "processing" | "training" | "comparison" | "monitor" | "inference";

/** The script that the jobs of each kind run. */
export const scriptsOfJobs = {
  prep: "processing",
  train: "training",
  tune: "training",
  compare: "comparison",
  monitor: "monitor",
  score: "inference",
} as const satisfies Readonly<Record<JobKind, ScriptName>>;

const frame = /^\s+File "([^"]+)", line (\d+)/;

/**
 * Returns where a script failed, as path and line of this project, with its exception; undefined if the log has no
 * frame of it.
 *
 * @param files the script's files, as paths in its folder
 */
export function scriptError(
  lines: readonly string[],
  folder: string,
  files: Iterable<string>,
): string | undefined {
  const paths = [...files];
  const at = lines.findLastIndex((line) => fileIn(line, paths) !== undefined);
  if (at < 0) return undefined;
  const [, , number] = frame.exec(lines[at] as string) ?? [];
  // The exception is the first line after the frames that is not indented.
  const exception = lines.slice(at + 1).find((line) => /^\S/.test(line));
  const place = `${join(folder, fileIn(lines[at] as string, paths) as string)}:${number}`;
  return exception === undefined ? place : `${place}: ${exception}`;
}

/** Where a workflow's script failed, as `scriptError` says it; undefined if the script cannot be read here. */
export function placeInScript(
  lines: readonly string[],
  props: WorkflowProps | undefined,
  script: ScriptName,
): string | undefined {
  const folder = props?.[script]?.folder;
  if (folder === undefined) return undefined;
  try {
    return scriptError(lines, folder, sourceFiles(folder));
  } catch {
    return undefined;
  }
}

/** The file that a frame is in; the container has the folder's files under a path of its own. */
function fileIn(line: string, paths: readonly string[]): string | undefined {
  const [, path] = frame.exec(line) ?? [];
  if (path === undefined || path.includes("/site-packages/")) return undefined;
  return paths.filter((file) => path.endsWith(`/${file}`)).sort((a, b) => b.length - a.length)[0];
}
