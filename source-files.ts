/** Which files of a folder are code, and a hash of their content that is the same on every machine. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suggestedFolder, suggestion } from "./configuration/suggest";
import { codeKey } from "./workflow/bucket";
import type { ScriptProps } from "./workflow/job-props";

/** Names of files and folders that are no code: caches, tests, dotfiles. `*` stands for any characters. */
const excludedNames = ["__pycache__", "*.pyc", ".*", "tests", "test_*.py"];

/** The same as patterns over paths, for the archive provider. */
export const excludedPatterns: readonly string[] = excludedNames.map((name) => `**/${name}`);

const isExcluded = new RegExp(
  `^(${excludedNames.map((name) => name.replace(/[.]/g, "\\.").replace(/\*/g, ".*")).join("|")})$`,
);

/**
 * The code files below `folder`: relative paths with `/`, sorted.
 *
 * @throws Error when there is no such folder, or no code in it
 */
export function sourceFiles(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name).slice(join(folder, "/").length).replaceAll("\\", "/"),
      )
      .filter((path) => !path.split("/").some((name) => isExcluded.test(name)));
  } catch (error) {
    throw new Error(
      `the script folder ${folder} does not exist or cannot be read: correct its path${suggestedFolder(folder)}`,
      { cause: error },
    );
  }
  if (files.length === 0) throw new Error(`the script folder ${folder} has no code`);
  // Not by locale: the order decides the hash.
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/** Sixteen hexadecimal digits over the paths and bytes of the code files below `folder`. */
export function contentHash(folder: string): string {
  const hash = createHash("sha256");
  for (const path of sourceFiles(folder)) {
    const bytes = readFileSync(join(folder, path));
    // The lengths keep one file's end from being read as another's beginning.
    hash.update(`${path.length}:${path}:${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Throws an Error when the folder does not hold the entry point. */
export function requireEntryPoint({ folder, entryPoint }: ScriptProps): void {
  const files = sourceFiles(folder);
  if (!files.includes(entryPoint)) {
    throw new Error(
      `the script folder ${folder} has no ${entryPoint}; it has ${files.join(", ")}${suggestion(entryPoint, files)}`,
    );
  }
}

/**
 * The key of a script's folder in the artifact bucket.
 *
 * @throws Error when the folder does not hold the entry point
 */
export function scriptKey(script: ScriptProps): string {
  requireEntryPoint(script);
  return codeKey(script.folder, contentHash(script.folder));
}
