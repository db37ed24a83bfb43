import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(__dirname, "../..");
const given = process.env.WORKFLOW_CONFIG;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "configuration-"));
  mkdirSync(join(folder, "wine"));
  process.env.WORKFLOW_CONFIG = join(folder, "config.ts");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.env.WORKFLOW_CONFIG = given;
});

/** Loads the configuration in force, which may be made of these files. */
function load(files: Readonly<Record<string, string>> = {}): { readonly configurationName: string } {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  let loaded = { configurationName: "" };
  jest.isolateModules(() => {
    loaded = require("../../configuration");
  });
  return loaded;
}

const wrong = `import { defineConfig } from ${JSON.stringify(join(root, "configuration/define"))};
export default defineConfig({});
`;

it.each([
  ["config.ts", { "config.ts": wrong }],
  ["wine/config.ts", { "config.ts": 'export { default } from "./wine/config";\n', "wine/config.ts": wrong }],
])("names %s where that is the file to edit", (file, files) => {
  expect(() => load(files)).toThrow(`${relative(root, join(folder, file))} is invalid:\n✖ `);
});

it("says in which line of which file a name is not defined", () => {
  const broken = `${wrong.replace("{}", "{ workflow: nowhere }")}`;
  expect(() =>
    load({ "config.ts": 'export { default } from "./wine/config";\n', "wine/config.ts": broken }),
  ).toThrow(/^Cannot read .*config\.ts: nowhere is not defined \(.*wine\/config\.ts:\d+\)$/);
});

it("has the name of the file in force", () => {
  process.env.WORKFLOW_CONFIG = given;
  expect(load().configurationName).toBe("__tests__/housing.config.ts");
});
