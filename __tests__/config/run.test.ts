/** The workflow that `config.ts` describes. It is the test of your project: CI runs it for each pull request. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { runScriptTests } from "../../cli/emulator/script-tests";
import type { Config } from "../../configuration/define";
import { scriptFolders } from "../../workflow/props";

const root = resolve(__dirname, "../..");

/** The configuration in force, which is not the tests' own. A file that cannot be used fails all tests, and is shown once. */
const own = readOwn();

function readOwn(): Config {
  const given = process.env.WORKFLOW_CONFIG;
  process.env.WORKFLOW_CONFIG = process.env.WORKFLOW_OWN_CONFIG;
  try {
    // Not imported, because the variable says which file is read.
    return require("../../configuration") as Config;
  } catch (error) {
    throw withoutStack((error as Error).message);
  } finally {
    process.env.WORKFLOW_CONFIG = given;
  }
}

/** An error of the workflow, of which a line of this file says nothing; Jest shows the stack, and the cause again. */
function withoutStack(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}

/**
 * Runs a file of the project with the configuration in force, and returns what it prints.
 *
 * @throws Error with what it prints on standard error, when it fails
 */
async function run(args: readonly string[], variables: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, WORKFLOW_CONFIG: process.env.WORKFLOW_OWN_CONFIG, ...variables };
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd: root, env })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw withoutStack(stderr.trim() || stdout.trim() || (error as Error).message);
  }
}

it("synthesizes in every environment", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stacks-"));
  try {
    await run(["synthesize.js"], { CDKTF_OUTDIR: folder });
    expect(readdirSync(join(folder, "stacks")).length).toBeGreaterThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("runs once in the emulator, and its model passes the gate", async () => {
  const { execution } = JSON.parse(await run(["--import", "tsx", "cli/main.ts", "start", "--json"])) as {
    execution: { name: string };
  };
  const folder = join(root, ".runs", execution.name);
  expect(existsSync(join(folder, "report.json"))).toBe(true);
  rmSync(folder, { recursive: true });
});

it("has scripts that pass their own tests, if they have some, with what a job has", async () => {
  const props = own.workflowProps("local");
  const folders = scriptFolders(props);
  // The framework's own are tested elsewhere.
  const ownFolders = [...new Set(folders.map((folder) => folder.split("/")[0] as string))].filter(
    (folder) => folder !== "python",
  );
  const tested = ownFolders.filter((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).some((file) =>
      /^test_.*\.py$/.test(basename(file)),
    ),
  );
  if (tested.length === 0) return;
  await runScriptTests(tested, folders, props.image).catch(({ message }: Error) => {
    throw withoutStack(message);
  });
});
