/** Runs Python in the Python environment of tests and checks, and builds that first if it is missing. */

import { spawnSync } from "node:child_process";
import { prepareEnvironments } from "./emulator/python";
import { projectRoot } from "./paths";
import { CliError } from "./terminal/errors";
import { printToStderr } from "./terminal/print";

prepareEnvironments(["dev"], printToStderr).then(
  ({ dev }) => {
    const { status } = spawnSync(dev?.python as string, process.argv.slice(2), {
      cwd: projectRoot,
      stdio: "inherit",
    });
    process.exitCode = status ?? 1;
  },
  (error: unknown) => {
    printToStderr(error instanceof CliError ? error.message : String(error));
    process.exitCode = 1;
  },
);
