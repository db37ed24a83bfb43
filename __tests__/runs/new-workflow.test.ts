/** A workflow of one's own, from `npm run new` to its first prediction, as the next commands do it. */

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { imageEnvironment, interpreter, prepareEnvironments } from "../../cli/emulator/python";
import { runScriptTests } from "../../cli/emulator/script-tests";
import { projectRoot } from "../../cli/paths";
import { ProjectCopy } from "../terraform/project-copy";

// The copy has the workflow of who runs the tests, too: these names are hardly theirs.
let project: ProjectCopy;

beforeAll(() => {
  project = new ProjectCopy({});
  symlinkSync(
    resolve(projectRoot, ".emulator/environments"),
    join(project.write(".emulator/.keep", ""), "../environments"),
  );
});
afterAll(() => project?.remove());

it.each([
  ["classification", "vintages", ["Barolo", "Grignolino"]],
  ["regression", "dwellings", [expect.any(Number), expect.any(Number)]],
])("trains, passes its gate and its smoke test, and predicts: %s", async (kind, name, predictions) => {
  expect(await project.run("new", name, "--kind", kind)).toMatchObject({ code: 0 });
  const { ended } = project.start(["start", "--json"], { WORKFLOW_CONFIG: `${name}/config.ts` });
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ status: "SUCCEEDED", predictions, endpoint: { name: `${name}-local` } });
  expect(report.states.map((state: { name: string }) => state.name)).toContain("SmokeTest");
});

it("has scripts whose tests pass, with the packages that jobs have", async () => {
  const python = interpreter(await prepareEnvironments([imageEnvironment]), imageEnvironment);
  const printed = execFileSync(python, ["-c", "import sklearn; print(sklearn.__version__)"], {
    encoding: "utf8",
  });
  const version = printed.trim();
  project.write(
    "dwellings/test_versions.py",
    `import sklearn\n\n\ndef test_version():\n    assert sklearn.__version__ == "${version}"\n`,
  );
  const folders = ["vintages", "dwellings"].map((folder) => join(project.folder, folder));
  await runScriptTests(folders, folders);

  project.edit("dwellings/test_versions.py", version, "of a developer");
  await expect(runScriptTests(folders, folders)).rejects.toThrow(
    /^The tests of .*dwellings failed:\n[\s\S]*test_versions\.py:5: AssertionError/,
  );
});

/** Other names throughout, the workflow as a function, and scripts as their author wrote them. */
const points = `import { defineConfig } from "./configuration/define";

const folder = "points";

export default defineConfig({
  environments: {
    local: { region: "eu-central-1", account: "123456789012" },
    live: { region: "eu-central-1", account: "333344445555", gate: { threshold: 0.95 } },
  },
  workflow: (environment) => ({
    prefix: "points",
    processing: {
      folder,
      entryPoint: "split.py",
      arguments: ["--every", environment === "live" ? "5" : "3"],
    },
    training: { folder, entryPoint: "fit.py", hyperparameters: { C: 2.5 }, metrics: ["accuracy"] },
    inference: { folder, entryPoint: "serve.py" },
    gate: { metric: "accuracy", threshold: 0.9 },
  }),
  testRun: { executionInput: {}, sampleData: "points/data", instances: [[1, 2]] },
});
`;

it("keeps the project's lint green, as three configurations beside each other do", async () => {
  project.write("points.config.ts", points);
  project.write("points/data/points.csv", "1,2,left\n");
  const scripts = join(projectRoot, "__tests__/runs/own-workflow");
  for (const script of readdirSync(scripts)) {
    project.write(`points/${script}`, readFileSync(join(scripts, script), "utf8"));
  }
  for (const program of ["@biomejs/biome/bin/biome check .", "typescript/bin/tsc"]) {
    const [path = "", ...args] = program.split(" ");
    const { status, stdout, stderr } = spawnSync(process.execPath, [join("node_modules", path), ...args], {
      cwd: project.folder,
      encoding: "utf8",
    });
    expect([program, status === 0 ? 0 : `${stdout}${stderr}`]).toEqual([program, 0]);
  }
  const { code, stdout } = await project.python("-m", "ruff", "check", ".");
  expect([code, stdout]).toEqual([0, "All checks passed!\n"]);
});

it.each([
  ["vintages/config.ts", ["dev", "local"]],
  ["dwellings/config.ts", ["dev", "local"]],
  ["points.config.ts", ["live", "local"]],
])("synthesizes every environment of %s", async (file, names) => {
  const folder = join(project.write(`stacks of ${file}/.keep`, ""), "..");
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "main.ts"], {
    cwd: project.folder,
    encoding: "utf8",
    env: { ...process.env, WORKFLOW_CONFIG: file, CDKTF_OUTDIR: folder },
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(readdirSync(join(folder, "stacks")).sort()).toEqual(
    names.flatMap((name) => [`${name}-pipeline`, `${name}-test-run`]),
  );
});
