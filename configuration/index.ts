/** The configuration in force: `config.ts`, or the file that `WORKFLOW_CONFIG` names. */

import { resolve } from "node:path";
import { type Config, ConfigurationError } from "./define";

/** The file that contains the configuration. */
export const configurationFile = resolve(__dirname, "..", process.env.WORKFLOW_CONFIG || "config.ts");

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
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads the configuration as it is in the file now; files that it imports are not read again.
 *
 * @throws ConfigurationError
 */
export function reloadedConfiguration(): Config {
  delete require.cache[require.resolve(configurationFile)];
  return load();
}

export const { environments, workflowProps, testRun } = load();
