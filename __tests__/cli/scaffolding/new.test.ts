import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { newWorkflow } from "../../../cli/scaffolding/new";
import { workflowFiles } from "../../../cli/scaffolding/workflow-files";

const root = resolve(__dirname, "../../..");
let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "new-"));
  writeFileSync(join(folder, "config.ts"), "export default {};\n");
  printed = "";
  jest.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    printed += chunk;
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function commitConfig(): void {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, stdio: "ignore" });
  git("init");
  git("add", "config.ts");
  git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-m", "first");
}

const config = () => readFileSync(join(folder, "config.ts"), "utf8");
const options = { kind: "classification", keepConfig: false } as const;

it.each(["classification", "regression"] as const)("writes a workflow for %s", async (kind) => {
  await newWorkflow("wine", { kind, keepConfig: true }, folder);
  const files = readdirSync(join(folder, "wine"), { recursive: true, encoding: "utf8" });
  expect(files.filter((file) => file.includes(".")).sort()).toEqual([
    "config.ts",
    "data/example.csv",
    "inference/serve.py",
    "instances.json",
    "processing/prepare.py",
    "test_scripts.py",
    "training/train.py",
  ]);
  // The scripts are copies, which a template's own tests cover.
  for (const [path, text] of workflowFiles("wine", kind)) {
    expect(readFileSync(join(folder, "wine", path), "utf8")).toBe(text);
  }
});

it("asks the endpoint rows of its example data", () => {
  for (const kind of ["classification", "regression"] as const) {
    const files = workflowFiles("wine", kind);
    const [, first = "", second = ""] = (files.get("data/example.csv") ?? "").split("\n");
    const instances = JSON.parse(files.get("instances.json") ?? "");
    const features = [first, second].map((line) =>
      line
        .split(",")
        .slice(0, -1)
        .map((cell) => (Number.isNaN(Number(cell)) ? cell : Number(cell))),
    );
    expect(instances).toEqual(features);
  }
});

it("makes it the project's workflow where config.ts is committed, since nothing is lost then", async () => {
  commitConfig();
  await newWorkflow("wine", options, folder);
  expect(config()).toBe('export { default } from "./wine/config";\n');
  expect(printed).toContain("Next: npm start\n");
});

it.each([
  ["is in no repository", () => {}, "it is not committed"],
  [
    "has changes",
    () => {
      commitConfig();
      writeFileSync(join(folder, "config.ts"), "export default { mine: true };\n");
    },
    "it is not committed",
  ],
])("leaves config.ts alone where it %s", async (_, prepare, why) => {
  prepare();
  const before = config();
  await newWorkflow("wine", options, folder);
  expect(config()).toBe(before);
  expect(printed).toContain(why);
  expect(printed).toContain("Next: export WORKFLOW_CONFIG=wine/config.ts; npm start\n");
});

it("replaces what it has written itself, committed or not", async () => {
  commitConfig();
  await newWorkflow("wine", options, folder);
  await newWorkflow("flats", { ...options, kind: "regression" }, folder);
  expect(config()).toBe('export { default } from "./flats/config";\n');
});

it("leaves config.ts alone on request", async () => {
  commitConfig();
  const before = config();
  await newWorkflow("wine", { ...options, keepConfig: true }, folder);
  expect(config()).toBe(before);
});

it.each(["Wine", "my-wine", "1wine", "a".repeat(17)])(
  "refuses the name %s, and writes nothing",
  async (name) => {
    await expect(newWorkflow(name, options, folder)).rejects.toThrow(
      "The name must be 1 to 16 lower-case letters",
    );
    expect(readdirSync(folder)).toEqual(["config.ts"]);
  },
);

it("refuses a folder that is there, and leaves it", async () => {
  await newWorkflow("wine", options, folder);
  writeFileSync(join(folder, "wine", "mine.txt"), "mine");
  await expect(newWorkflow("wine", options, folder)).rejects.toThrow("wine/ already exists");
  expect(readFileSync(join(folder, "wine", "mine.txt"), "utf8")).toBe("mine");
});

it.each(["classification", "regression"] as const)(
  "has a configuration that is valid and formatted: %s",
  async (kind) => {
    for (const part of ["configuration", "workflow", "source-files.ts", "biome.json"]) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    commitConfig();
    await newWorkflow("wine", { kind, keepConfig: false }, folder);
    const load = `console.log(JSON.stringify(require("./configuration").workflowProps("dev")))`;
    const options = { cwd: folder, encoding: "utf8", env: { ...process.env, WORKFLOW_CONFIG: "" } } as const;
    const props = JSON.parse(execFileSync("node", ["--require", "tsx/cjs", "-e", load], options));
    expect(props).toMatchObject({ prefix: "wine", environment: "dev", endpoint: { kind: "serverless" } });
    execFileSync(join(root, "node_modules/.bin/biome"), ["check", "wine", "config.ts"], options);
  },
);
