/** The configuration in force: `config.ts`, or the file that `WORKFLOW_CONFIG` names. */

import { resolve } from "node:path";
import { type Config, ConfigurationError } from "./define";

function load(): Config {
  const path = resolve(__dirname, "..", process.env.WORKFLOW_CONFIG || "config.ts");
  const config = read(path);
  if (typeof config?.workflowProps !== "function") {
    throw new ConfigurationError(
      `${path} must export what defineConfig returns: export default defineConfig({ … })`,
    );
  }
  return config;
}

function read(path: string): Config | undefined {
  try {
    return (require(path) as { default?: Config }).default;
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

export const { environments, workflowProps, testRun } = load();
