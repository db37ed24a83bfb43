import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleDataProblem, sampleFiles } from "../../configuration/sample-data";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "data-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

it("has all files of the folder and of those in it, but no dotfiles", () => {
  mkdirSync(join(folder, "2026/.cache"), { recursive: true });
  for (const file of ["b.csv", "2026/a.csv", ".gitkeep", "2026/.cache/c.csv"]) {
    writeFileSync(join(folder, file), "1\n");
  }
  expect(sampleFiles(folder)).toEqual(["2026/a.csv", "b.csv"]);
  expect(sampleDataProblem(folder)).toBeUndefined();
});

it("refuses a folder without files, with empty ones only, and what is none", () => {
  writeFileSync(join(folder, ".gitkeep"), "");
  expect(sampleDataProblem(folder)).toContain(`${folder} has no files: put your data there`);
  writeFileSync(join(folder, "a.csv"), "");
  expect(sampleDataProblem(folder)).toContain(`all files of ${folder} are empty: a.csv`);
  expect(sampleDataProblem(join(folder, "a.csv"))).toContain(`there is no folder ${join(folder, "a.csv")}`);
  mkdirSync(join(folder, "samples"));
  expect(sampleDataProblem(join(folder, "sampels"))).toContain(`; did you mean ${join(folder, "samples")}?`);
});
