import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash, scriptKey, sourceFiles } from "../source-files";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "source-files-"));
  mkdirSync(join(folder, "lib"));
  writeFileSync(join(folder, "b.py"), "b");
  writeFileSync(join(folder, "a.py"), "a");
  writeFileSync(join(folder, "lib", "c.py"), "c");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("sourceFiles", () => {
  it("lists code below the folder, sorted, with /", () => {
    expect(sourceFiles(folder)).toEqual(["a.py", "b.py", "lib/c.py"]);
  });

  it("leaves out caches, tests and dotfiles", () => {
    for (const path of [
      "__pycache__/a.pyc",
      "tests/x.py",
      "lib/.hidden/y.py",
      ".env",
      "test_a.py",
      "lib/d.pyc",
    ]) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), "");
    }
    expect(sourceFiles(folder)).toEqual(["a.py", "b.py", "lib/c.py"]);
  });

  it("fails for a folder that is not there, and for one without code", () => {
    expect(() => sourceFiles(join(folder, "nowhere"))).toThrow(/the script folder .*nowhere does not exist/);
    mkdirSync(join(folder, "empty"));
    expect(() => sourceFiles(join(folder, "empty"))).toThrow(/empty has no code/);
  });
});

describe("contentHash", () => {
  it("is the same wherever the folder lies", () => {
    const copy = mkdtempSync(join(tmpdir(), "source-files-copy-"));
    cpSync(folder, copy, { recursive: true });
    expect(contentHash(copy)).toBe(contentHash(folder));
    rmSync(copy, { recursive: true });
  });

  it.each([
    ["a byte changes", () => writeFileSync(join(folder, "a.py"), "A")],
    ["a file comes", () => writeFileSync(join(folder, "d.py"), "")],
    ["a file goes", () => rmSync(join(folder, "b.py"))],
  ])("changes when %s", (_, change) => {
    const before = contentHash(folder);
    change();
    expect(contentHash(folder)).not.toBe(before);
  });

  it("does not change with what is no code", () => {
    const before = contentHash(folder);
    mkdirSync(join(folder, "__pycache__"));
    writeFileSync(join(folder, "__pycache__", "a.pyc"), "cache");
    expect(contentHash(folder)).toBe(before);
  });
});

describe("scriptKey", () => {
  it("fails for an entry point that the folder does not hold, and says what it holds", () => {
    expect(() => scriptKey({ folder, entryPoint: "c.py" })).toThrow(
      "has no c.py; it has a.py, b.py, lib/c.py",
    );
  });

  it("is the folder's name and hash", () => {
    expect(scriptKey({ folder: "python/scripts", entryPoint: "training.py" })).toBe(
      `code/scripts-${contentHash("python/scripts")}.tar.gz`,
    );
  });
});
