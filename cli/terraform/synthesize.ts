import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { synthesizedEnvironment } from "../../configuration/names";
import type { Environment } from "../account/environment";
import { projectRoot } from "../paths";
import { FailedError } from "../terminal/errors";
import { environmentFolder } from "./folders";

/**
 * Synthesizes the stacks of an environment for Terraform and cdktf; `cdktf synth` takes four times as long.
 *
 * @throws FailedError, with the output of the synthesis
 */
export async function synthesize({ name }: Environment): Promise<void> {
  const folder = join(projectRoot, environmentFolder(name));
  mkdirSync(folder, { recursive: true });
  await synthesizeInto(folder, name);
}

/**
 * Synthesizes the stacks of an environment, or of all environments, into a folder.
 *
 * @returns the folder that has a folder for each stack
 * @throws FailedError, with the output of the synthesis
 */
export async function synthesizeInto(folder: string, environment?: string): Promise<string> {
  const { [synthesizedEnvironment]: _, ...others } = process.env;
  const only = environment === undefined ? {} : { [synthesizedEnvironment]: environment };
  try {
    await promisify(execFile)(process.execPath, ["synthesize.js"], {
      cwd: projectRoot,
      env: { ...others, ...only, CDKTF_OUTDIR: folder },
    });
  } catch (error) {
    throw new FailedError(`Cannot synthesize the stacks: ${(error as Error).message}`, { cause: error });
  }
  return join(folder, "stacks");
}
