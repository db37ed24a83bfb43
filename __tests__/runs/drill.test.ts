/** `npm run drill` itself: every documented error of every call, in every variant of the workflow. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DrillReport } from "../../cli/drill/campaign";
import { faultsOf } from "../../cli/drill/cases";
import { counts } from "../../cli/drill/coverage";
import { drilledDefinitions } from "../../cli/drill/definitions";
import { expectedWays } from "../../cli/drill/expected-ways";
import { statesOf } from "../../cli/drill/parts";
import { workflowProps } from "../../configuration";

it("ends every fault as users expect, goes on after each, and drives every state, retrier, catcher and rule", async () => {
  const run = promisify(execFile);
  const { stdout } = await run("npm", ["run", "--silent", "drill", "--", "--json"], { maxBuffer: 2 ** 26 });
  const report = JSON.parse(stdout) as DrillReport;
  expect(report.problems).toEqual([]);
  for (const kind of ["state", "retrier", "catcher", "rule"] as const) {
    const { driven, reachable } = counts(report.parts, kind);
    expect([kind, driven]).toEqual([kind, reachable]);
    expect(reachable).toBeGreaterThan(30);
  }
  const definitions = drilledDefinitions(workflowProps("local"));
  const tasks = definitions.flatMap(({ definition }) =>
    statesOf(definition).flatMap(([, state]) => (state.Type === "Task" ? [state] : [])),
  );
  // Without a heartbeat, there is none to miss.
  expect(tasks.filter((task) => "HeartbeatSeconds" in task)).toEqual([]);
  expect([report.redriven, report.definitions]).toEqual([tasks.length, definitions.length]);
  expect(report.resumed).toBeGreaterThan(Object.keys(expectedWays).length);
  expect(report.faults).toBeGreaterThan(Math.max(...tasks.map((task) => faultsOf(task).length)) * 30);
});
