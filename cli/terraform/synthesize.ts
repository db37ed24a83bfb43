import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { synthesizedEnvironment } from "../../configuration/names";
import { projectRoot } from "../paths";

/** Synthesizes the stacks of an environment, or of all, into a folder, as cdktf does; returns the stacks' folder. */
export async function synthesizeInto(folder: string, environment?: string): Promise<string> {
  const { [synthesizedEnvironment]: _, ...others } = process.env;
  const only = environment === undefined ? {} : { [synthesizedEnvironment]: environment };
  await promisify(execFile)(process.execPath, ["synthesize.js"], {
    cwd: projectRoot,
    env: { ...others, ...only, CDKTF_OUTDIR: folder },
  });
  return join(folder, "stacks");
}
