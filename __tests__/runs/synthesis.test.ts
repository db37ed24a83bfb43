/** The process that synthesizes, as cdktf and the commands start it. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { synthesizeInto } from "../../cli/terraform/synthesize";
import { environments } from "../../configuration";
import { stackNames } from "../../configuration/names";

const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "synthesis-"));
  folders.push(made);
  return made;
}

afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

it("writes the stacks of every environment, or the very same of one alone", async () => {
  const [all, one] = await Promise.all([synthesizeInto(folder()), synthesizeInto(folder(), "dev")]);
  const every = Object.keys(environments).flatMap((name) => Object.values(stackNames(name)));
  expect(readdirSync(all).sort()).toEqual(every.sort());
  const { pipeline, testRun } = stackNames("dev");
  expect(readdirSync(one).sort()).toEqual([pipeline, testRun]);
  for (const stack of [pipeline, testRun]) {
    const read = (stacks: string) => readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8");
    expect(read(one)).toBe(read(all));
  }
});

it("names the environments there are, and the line that failed in our own files", async () => {
  const failed = await synthesizeInto(folder(), "nowhere").catch((error: Error) => error.message);
  expect(failed).toContain(
    "There is no environment nowhere; __tests__/housing.config.ts has local, dev, staging, prod",
  );
  expect(failed).toMatch(/\/main\.ts:\d+:\d+/);
});
