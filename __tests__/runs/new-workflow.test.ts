/** A workflow of one's own, from `npm run new` to its first prediction, as the next commands do it. */

import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { projectRoot } from "../../cli/paths";
import { ProjectCopy } from "../terraform/project-copy";

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
  ["classification", "wine", ["Barolo", "Grignolino"]],
  ["regression", "flats", [expect.any(Number), expect.any(Number)]],
])("trains, passes its gate and its smoke test, and predicts: %s", async (kind, name, predictions) => {
  expect(await project.run("new", name, "--kind", kind)).toMatchObject({ code: 0 });
  const { ended } = project.start(["start", "--json"], { WORKFLOW_CONFIG: `${name}/config.ts` });
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ status: "SUCCEEDED", predictions, endpoint: { name: `${name}-local` } });
  expect(report.states.map((state: { name: string }) => state.name)).toContain("SmokeTest");
});

it("has scripts without a finding, and tests that pass", async () => {
  const folders = ["wine", "flats"];
  for (const tool of [
    ["ruff", "check"],
    ["pytest", "-q"],
  ]) {
    const { code, stdout, stderr } = await project.python("-m", ...tool, ...folders);
    expect([code, `${stdout}${stderr}`]).toEqual([0, expect.anything()]);
  }
});
