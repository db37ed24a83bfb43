/** The configuration in force: `config.ts`, or the file that `WORKFLOW_CONFIG` names. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type Config, ConfigurationError } from "./define";

/** The file that contains the configuration. */
const configurationFile = resolve(__dirname, "..", process.env.WORKFLOW_CONFIG || "config.ts");

/** The file to edit, as a path of this project: the one that `config.ts` exports, if it does no more than that. */
export const configurationName = relative(resolve(__dirname, ".."), exportedBy(configurationFile));

function exportedBy(file: string): string {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const [, other] = /^export \{ default \} from "(\.[^"]+)";\s*$/.exec(text) ?? [];
  return other === undefined ? file : exportedBy(resolve(dirname(file), `${other.replace(/\.ts$/, "")}.ts`));
}

function load(): Config {
  const config = read(configurationFile);
  if (typeof config?.workflowProps !== "function") {
    throw new ConfigurationError(
      `${configurationFile} must export what defineConfig returns: export default defineConfig({ … })`,
    );
  }
  return config;
}

function read(path: string): Config | undefined {
  try {
    return (require(path) as { default?: Config }).default;
  } catch (error) {
    if (error instanceof ConfigurationError) {
      throw new ConfigurationError(error.message.replace(/^config\.ts/, configurationName), { cause: error });
    }
    throw new ConfigurationError(`Cannot read ${path}: ${(error as Error).message}${lineOf(error)}`, {
      cause: error,
    });
  }
}

/** Where a file of the configuration threw an error, unless its message says so. */
function lineOf(error: unknown): string {
  const { stack = "", message } = error as Error;
  const frames = stack.matchAll(/^\s+at (?:.* \()?(?:file:\/\/)?(\/[^()]+:\d+):\d+\)?$/gm);
  const [, place] = [...frames].find(([, file = ""]) => !isFramework(file.replace(/:\d+$/, ""))) ?? [];
  return place === undefined || message.includes(place) || /Require stack/.test(message) ? "" : ` (${place})`;
}

const files = new Set([configurationFile]);

/** The files of the configuration: the one in force, and those that it has imported, without the framework's. */
export function configurationFiles(): string[] {
  // A file that cannot be read now is no module, and still one of them.
  for (const file of files) {
    for (const { filename } of require.cache[file]?.children ?? []) {
      if (!isFramework(filename)) files.add(filename);
    }
  }
  return [...files];
}

function isFramework(path: string): boolean {
  const root = resolve(__dirname, "..");
  const own = ["configuration", "workflow", "node_modules"].map((folder) => join(root, folder, "/"));
  return own.some((folder) => path.startsWith(folder)) || path === join(root, "source-files.ts");
}

/**
 * Reads the configuration as its files are now.
 *
 * @throws ConfigurationError
 */
export function reloadedConfiguration(): Config {
  for (const file of configurationFiles()) delete require.cache[file];
  return load();
}

export const { environments, workflowProps, testRun } = load();
