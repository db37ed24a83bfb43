/** Runs Terraform and cdktf as child processes, and explains their errors. */

import { execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { synthesizedEnvironment } from "../../configuration/names";
import { emulatorVariables } from "../account/emulator-address";
import type { Environment } from "../account/environment";
import { projectRoot } from "../paths";
import { CliError, exitCodes, FailedError, UsageError } from "../terminal/errors";
import { print, printToStderr } from "../terminal/print";
import { explainTerraform } from "./errors";
import { environmentFolder, outputFolder, stackFolder } from "./folders";
import { progressLine } from "./progress";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The oldest Terraform that locks a state in S3 without DynamoDB. */
const oldest = [1, 10] as const;

/** How much of a cdktf command's output to show: all of it, or progress on resources. */
type Verbosity = "all" | "progress";

/**
 * Runs a cdktf command, and writes its output to a log file next to the synthesized stacks.
 *
 * @throws FailedError, with a remedy if the reason is known
 */
export async function runCdktf(
  environment: Environment,
  args: readonly string[],
  verbosity: Verbosity,
): Promise<void> {
  const show = { all: print, progress: printProgress }[verbosity];
  const folder = environmentFolder(environment.name);
  mkdirSync(join(projectRoot, folder), { recursive: true });
  const flags = ["--output", folder, "--no-color"];
  const { code, output } = await run("cdktf", [...args, ...flags], environment, show);
  const log = join(projectRoot, outputFolder, `${environment.name}-${args[0]}.log`);
  writeFileSync(log, output);
  if (code === 0) return;
  const detail = verbosity === "all" ? undefined : lastLines(output);
  throw failure(
    `cdktf ${args[0]}`,
    output,
    environment,
    `${detail ?? "see above"}\n(complete output: ${log})`,
  );
}

/** Prints what a line of cdktf tells of the progress. */
function printProgress(line: string): void {
  const progress = progressLine(line);
  if (progress !== undefined) print(progress);
}

/** Returns the end of an output, from its first error on, without Terraform's frame. */
function lastLines(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/[│╷╵]/g, "").trim())
    .filter((line) => line !== "");
  const first = lines.findIndex((line) => line.startsWith("Error:"));
  return lines.slice(first === -1 ? -10 : first, first === -1 ? undefined : first + 15).join("\n");
}

/**
 * Runs Terraform in the folder of a stack and returns what it prints.
 *
 * @throws FailedError, with Terraform's output if the reason is unknown
 */
export async function runTerraform(
  environment: Environment,
  stack: string,
  args: readonly string[],
): Promise<string> {
  const chdir = `-chdir=${stackFolder(environment.name, stack)}`;
  const { code, output, stdout } = await run(terraformBinary(), [chdir, ...args], environment);
  if (code === 0) return stdout;
  throw failure(`terraform ${args[0]} of ${stack}`, output, environment, output.trim());
}

/**
 * Checks that Terraform is installed and new enough.
 *
 * @throws UsageError if it is not
 */
export async function requireTerraform(environment: Environment): Promise<void> {
  const { code, stdout } = await run(terraformBinary(), ["version", "-json"], environment).catch(() => ({
    code: 127,
    stdout: "",
  }));
  if (code !== 0) {
    throw new UsageError(
      "Terraform is not installed: install 1.10 or newer (https://developer.hashicorp.com/terraform/install), or set TERRAFORM_BINARY_NAME to its program",
    );
  }
  const version = (JSON.parse(stdout) as { terraform_version: string }).terraform_version;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new UsageError(
      `Terraform must be ${oldest.join(".")} or newer, which can lock a state in S3, got ${version}`,
    );
  }
}

function terraformBinary(): string {
  return process.env.TERRAFORM_BINARY_NAME ?? "terraform";
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Standard output and standard error together. */
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  environment: Environment,
  show?: (line: string) => void,
): Promise<Ended> {
  const options: SpawnOptions = {
    cwd: projectRoot,
    env: { ...process.env, ...variables(environment) },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C must not reach cdktf, which would end while Terraform is still working.
    detached: true,
  };
  return new Promise((settle, fail) => {
    const child = spawn(command, args, options);
    let interrupted = false;
    const interrupt = () => {
      if (interrupted) return;
      interrupted = true;
      printToStderr("Interrupted: Terraform is shutting down gracefully, which takes a moment");
      const running = terraformsBelow(child.pid as number);
      // At the first signal Terraform shuts down gracefully and releases the lock; then cdktf ends.
      for (const pid of running) process.kill(pid, "SIGINT");
      if (running.length === 0) child.kill("SIGINT");
    };
    for (const signal of signals) process.on(signal, interrupt);
    let stdout = "";
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    if (show !== undefined) {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream as Readable }).on("line", show);
      }
    }
    child.on("error", fail);
    child.on("close", (code) => {
      for (const signal of signals) process.off(signal, interrupt);
      if (interrupted) {
        fail(
          new CliError(
            "Interrupted. Terraform's state contains what it created; run the command again",
            exitCodes.detached,
          ),
        );
      } else settle({ code: code ?? 1, stdout, output });
    });
  });
}

/** Lists the Terraform processes among a process's descendants. */
function terraformsBelow(ancestor: number): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" }).split("\n");
  const processes = lines.flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), name: basename(command) }];
  });
  const below = new Set([ancestor]);
  // A child usually has a higher number than its parent, but not after the numbers wrap around.
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const { pid, parent } of processes) if (below.has(parent)) below.add(pid);
  }
  return processes
    .filter(({ pid, name }) => below.has(pid) && basename(terraformBinary()) === name)
    .map(({ pid }) => pid);
}

function variables({ name, aws, config }: Environment): Record<string, string> {
  const { endpoint, credentials } = aws.connection;
  return {
    [synthesizedEnvironment]: name,
    CHECKPOINT_DISABLE: "1",
    TF_IN_AUTOMATION: "1",
    // No spinner, because the output goes through a pipe.
    CI: "1",
    PATH: [resolve(projectRoot, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter),
    ...(endpoint === undefined || credentials === undefined
      ? {}
      : emulatorVariables({ endpoint, credentials, region: config.region })),
  };
}

function failure(what: string, output: string, environment: Environment, detail?: string): FailedError {
  const explanation = explainTerraform(output, environment);
  return new FailedError(
    explanation ?? [`${what} failed`, ...(detail === undefined ? ["see above"] : [detail])].join(": "),
  );
}
