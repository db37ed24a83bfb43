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

/**
 * Runs a file of the project with the configuration that is not the tests' own, and returns what it prints.
 *
 * @throws Error with all that it printed, when it fails
 */
async function run(args: readonly string[], variables: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, WORKFLOW_CONFIG: process.env.WORKFLOW_OWN_CONFIG, ...variables };
  try {
    return (await promisify(execFile)(process.execPath, ["--import", "tsx", ...args], { cwd: root, env }))
      .stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args.join(" ")} failed:\n${stderr}\n${stdout}`, { cause: error });
  }
}

it("synthesizes in every environment", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stacks-"));
  try {
    await run(["main.ts"], { CDKTF_OUTDIR: folder });
    expect(readdirSync(join(folder, "stacks")).length).toBeGreaterThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("runs once in the emulator, and its model passes the gate", async () => {
  const { execution } = JSON.parse(await run(["cli/main.ts", "start", "--json"])) as {
    execution: { name: string };
  };
  const folder = join(root, ".runs", execution.name);
  expect(existsSync(join(folder, "report.json"))).toBe(true);
  rmSync(folder, { recursive: true });
});

it("has scripts that pass their own tests, if they have some, with what a job has", async () => {
  const path = resolve(root, process.env.WORKFLOW_OWN_CONFIG || "config.ts");
  const props = (require(path) as { default: Config }).default.workflowProps("local");
  const folders = scriptFolders(props);
  // The framework's own are tested elsewhere.
  const own = [...new Set(folders.map((folder) => folder.split("/")[0] as string))].filter(
    (folder) => folder !== "python",
  );
  const tested = own.filter((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).some((file) =>
      /^test_.*\.py$/.test(basename(file)),
    ),
  );
  if (tested.length > 0) await runScriptTests(tested, folders, props.image);
});
