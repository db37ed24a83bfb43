import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Runs commands side by side; returns how that ended. */
function sideBySide(...commands: string[]) {
  const script = join(__dirname, "side-by-side.ts");
  return spawnSync(process.execPath, ["--import", "tsx", script, ...commands], { encoding: "utf8" });
}

it("prints the output of one command after that of the other, and nothing after the last", () => {
  const { status, stdout, stderr } = sideBySide("sleep 0.5; echo first; echo second", "echo third");
  expect([status, stdout, stderr]).toEqual([0, "first\nsecond\nthird\n", ""]);
});

it("fails if a command fails, and names it", () => {
  const { status, stdout, stderr } = sideBySide("echo first; exit 3", "echo second");
  expect([status, stdout]).toEqual([1, "first\nsecond\n"]);
  expect(stderr).toBe("echo first; exit 3 exited with code 3\n");
});
