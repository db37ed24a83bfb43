import { join } from "node:path";

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

/** The file that a frame is in; the container has the folder's files under a path of its own. */
function fileIn(line: string, paths: readonly string[]): string | undefined {
  const [, path] = frame.exec(line) ?? [];
  if (path === undefined || path.includes("/site-packages/")) return undefined;
  return paths.filter((file) => path.endsWith(`/${file}`)).sort((a, b) => b.length - a.length)[0];
}
