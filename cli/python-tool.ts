import { printToStderr } from "./terminal/print";
/** Runs Python in the environment of tests and checks, which it builds first where it is missing. */

import { spawnSync } from "node:child_process";
import { prepareEnvironments } from "./emulator/python";
import { projectRoot } from "./paths";
import { CliError } from "./terminal/errors";

prepareEnvironments(["dev"], (line) => printToStderr(`${line}`)).then(
  ({ dev }) => {
    const { status } = spawnSync(dev?.python as string, process.argv.slice(2), {
      cwd: projectRoot,
      stdio: "inherit",
    });
    process.exitCode = status ?? 1;
  },
  (error: unknown) => {
    printToStderr(`${error instanceof CliError ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
