import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSources, saveState } from "../../../cli/dev/sources";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sources-"));
  mkdirSync(join(folder, "tests"));
  mkdirSync(join(folder, "models"));
  mkdirSync(join(folder, "tests/data"));
  for (const name of ["fit.py", "models/forest.py", "tests/test_fit.py", "tests/data/rows.csv"])
    writeFileSync(join(folder, name), name);
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text = "changed") => writeFileSync(join(folder, name), text);

/** Whether what a save does is seen. */
function isSeen(save: () => void): boolean {
  const before = saveState([folder], [], join(folder, "tests/data"));
  save();
  return saveState([folder], [], join(folder, "tests/data")) !== before;
}

describe("saveState", () => {
  it.each([
    ["a file written in place", () => write("fit.py")],
    ["a file of a subfolder", () => write("models/forest.py")],
    ["a new file", () => write("models/new.py")],
    ["a removed file", () => rmSync(join(folder, "fit.py"))],
    ["a file of data", () => write("tests/data/rows.csv")],
    ["a removed file of data", () => rmSync(join(folder, "tests/data/rows.csv"))],
    [
      "a file put in the place of another, of the same size and time",
      () => {
        const time = new Date("2026-01-01");
        utimesSync(join(folder, "fit.py"), time, time);
        const seen = saveState([folder], []);
        write(".fit.py.new", "fit.PY");
        utimesSync(join(folder, ".fit.py.new"), time, time);
        renameSync(join(folder, ".fit.py.new"), join(folder, "fit.py"));
        expect(saveState([folder], [])).not.toBe(seen);
      },
    ],
  ])("sees %s", (_, save) => {
    expect(isSeen(save)).toBe(true);
  });

  it.each([
    "tests/test_fit.py",
    "test_more.py",
    ".fit.py.swp",
    "fit.py~",
    "#fit.py#",
    "fit.py___jb_tmp___",
    "4913",
    "__pycache__.py.tmp",
  ])("does not see %s, which is no code", (name) => {
    expect(isSeen(() => write(name))).toBe(false);
  });

  it("sees a file beside the folders", () => {
    const config = join(folder, "tests", "config.ts");
    write("tests/config.ts", "1");
    const before = saveState([folder], [config]);
    write("tests/config.ts", "22");
    expect(saveState([folder], [config])).not.toBe(before);
    rmSync(config);
    const gone = saveState([folder], [config]);
    write("fit.py", "333");
    expect(saveState([folder], [config])).not.toBe(gone);
  });
});

describe("readSources", () => {
  it("reads the code of each folder once, by path", () => {
    write("fit.py~");
    const sources = readSources([folder, folder]);
    expect([...sources.keys()]).toEqual([folder]);
    expect([...(sources.get(folder) ?? [])].map(([name, content]) => [name, String(content)])).toEqual([
      ["fit.py", "fit.py"],
      ["models/forest.py", "models/forest.py"],
    ]);
  });
});
