/** Runs the tests of a workflow's scripts with what a job of it has: the packages of its image, and its requirements. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { ImageProps } from "../../workflow/image";
import { projectRoot } from "../paths";
import { FailedError } from "../terminal/errors";
import { printToStderr } from "../terminal/print";
import { emulatorEnvironment } from "./process";
import { interpreter, prepareEnvironments, testEnvironment } from "./python";

/**
 * Runs pytest.
 *
 * @param tested folders with tests
 * @param scripts folders of scripts, each with a requirements.txt or not
 * @throws FailedError with all that pytest printed, if a test fails
 */
export async function runScriptTests(
  tested: readonly string[],
  scripts: readonly string[],
  image?: ImageProps,
): Promise<void> {
  const name = testEnvironment(image);
  const python = interpreter(await prepareEnvironments([name], printToStderr), name);
  const requirements = [...new Set(scripts)]
    .map((folder) => join(folder, "requirements.txt"))
    .filter((file) => existsSync(resolve(projectRoot, file)));
  const module = ["-m", "emulator.runtime.script_tests"];
  const options = requirements.length === 0 ? [] : ["--requirements", ...requirements];
  try {
    await promisify(execFile)(python, [...module, ...tested, ...options], {
      cwd: projectRoot,
      env: { ...emulatorEnvironment(), PYTHONPATH: resolve(projectRoot, "python") },
      maxBuffer: 2 ** 26,
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new FailedError(`The tests of ${tested.join(", ")} failed:\n${stderr}${stdout}`, { cause: error });
  }
}
