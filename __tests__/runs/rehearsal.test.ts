/** `npm run rehearse` itself: real models, real traffic, real alarms, only the waits are shortened. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Outcome } from "../../cli/rehearsal/outcome";

it("promotes a good model, and rolls back one that fails, one that is slow and one that is worse", async () => {
  const run = promisify(execFile);
  const { stdout } = await run("npm", ["run", "--silent", "rehearse", "--", "--json"], {
    maxBuffer: 2 ** 24,
  });
  const { outcomes, failedOutside, faults } = JSON.parse(stdout);
  expect(faults).toEqual([]);
  expect(failedOutside).toBe(0);
  expect(outcomes.map(({ model, ended }: Outcome) => [model, ended])).toEqual([
    ["is good", "promoted"],
    ["fails", "rolled back"],
    ["is slow", "rolled back"],
    ["is worse", "rolled back"],
  ]);
  const [good, fails, slow, worse] = outcomes as Outcome[];
  expect(good?.failed).toBe(0);
  expect(fails?.failed).toBeGreaterThan(0);
  expect(fails?.reason).toContain("housing-local-endpoint-errors");
  expect(slow?.reason).toContain("housing-local-endpoint-latency");
  expect(worse?.reason).toContain("housing-local-predictions");
  // 50 requests a second for the whole update.
  expect(good?.requests).toBeGreaterThan(45 * (good?.seconds ?? 0));
});
