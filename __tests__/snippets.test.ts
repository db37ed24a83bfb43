/** The code in the docs: it compiles, and does what an environment's or a workflow's own entry would do. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ConfigInput, defineConfig } from "../configuration/define";
import config from "./housing.config";

interface Snippet {
  readonly place: string;
  /** What it is a part of, as the docs say behind the fence's language. */
  readonly kind: string;
  readonly code: string;
}

const root = resolve(__dirname, "..");

const snippets: Snippet[] = ["README.md", ...docs()].flatMap((document) =>
  [...readFileSync(document, "utf8").matchAll(/^```(?:ts|typescript)\b ?(.*)\n([\s\S]*?)^```/gm)].map(
    ({ 1: kind = "", 2: code = "", index, input }) => ({
      place: `${document}:${input.slice(0, index).split("\n").length}`,
      kind,
      code,
    }),
  ),
);

function docs(): string[] {
  return readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file));
}

/** A module in which a snippet stands as what it is a part of. */
const modules: Readonly<Record<string, (code: string) => string>> = {
  config: (code) =>
    code.replace('"./configuration/define"', JSON.stringify(join(root, "configuration/define"))),
  environments: (code) => checked(code, 'ConfigInput["environments"]'),
  environment: (code) => checked(code, 'Partial<ConfigInput["environments"][string]>'),
  workflow: (code) => checked(code, "Partial<Exclude<ConfigInput['workflow'], (name: string) => unknown>>"),
};

function checked(code: string, type: string): string {
  return `import type { ConfigInput } from ${JSON.stringify(join(root, "configuration/define"))};
declare const folder: string;
export default { ${code} } satisfies ${type};
`;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "snippets-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

it("says what each snippet is a part of, and has one of each", () => {
  expect([...new Set(snippets.map(({ kind }) => kind))].sort()).toEqual(Object.keys(modules).sort());
});

it("compiles", () => {
  const files = snippets.map(({ kind, code }, index) => {
    const file = join(folder, `snippet-${index}.ts`);
    writeFileSync(file, modules[kind]?.(code) ?? "");
    return file;
  });
  const compilerOptions = { types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  const settings = { extends: join(root, "tsconfig.json"), compilerOptions, include: files };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
});

const { environment: _, ...recipe } = config.workflowProps("local");

describe.each(snippets.filter(({ kind }) => kind !== "config"))("$place", ({ kind, code }) => {
  const said = new Function("folder", `return ({ ${code} })`)("python/scripts") as Record<string, object>;
  const entries = kind === "environments" ? said : { prod: { region: "eu-west-1", ...said } };

  it("has its effect on the workflow", () => {
    const { environments, workflowProps } = defineConfig({
      environments: kind === "workflow" ? config.environments : entries,
      workflow: kind === "workflow" ? { ...recipe, ...said } : recipe,
      testRun: config.testRun,
    } as ConfigInput);
    const shapesData = ["endpoint", "gate", "smokeTest", "comparison"];
    for (const [name, entry] of Object.entries(entries as Record<string, Record<string, unknown>>)) {
      if (kind !== "workflow") expect(environments[name]).toMatchObject(entry);
      const props = Object.entries(entry).filter(([key]) => shapesData.includes(key));
      expect(workflowProps(kind === "workflow" ? "dev" : name)).toMatchObject(Object.fromEntries(props));
    }
  });
});
