import { Aws } from "../../../cli/account/clients";
import { environmentConfig } from "../../../cli/account/environment";
import { refuseWhileRunning } from "../../../cli/account/running-executions";
import { UsageError } from "../../../cli/terminal/errors";
import { workflowProps } from "../../../configuration";

/** An environment with these executions, by the name of the state machine; one that is not there has none. */
function environment(running: Readonly<Record<string, readonly string[]>>) {
  const sfn = {
    send: async ({
      input,
    }: {
      input: { stateMachineArn: string; statusFilter: string; nextToken?: string };
    }) => {
      expect(input.statusFilter).toBe("RUNNING");
      const names = running[input.stateMachineArn.split(":").at(-1) as string];
      if (names === undefined) throw Object.assign(new Error("no"), { name: "StateMachineDoesNotExist" });
      // One on each page.
      const page = Number(input.nextToken ?? 0);
      const nextToken = page + 1 < names.length ? String(page + 1) : undefined;
      return { executions: names.slice(page, page + 1).map((name) => ({ name })), nextToken };
    },
  };
  const aws = Object.assign(new Aws({ region: "us-east-1" }), {
    sts: () => ({
      send: async () => ({ Account: "111122223333", Arn: "arn:aws:iam::111122223333:user/me" }),
    }),
    sfn: () => Object.setPrototypeOf(sfn, Object.getPrototypeOf(new Aws({ region: "us-east-1" }).sfn())),
  });
  return {
    name: "dev",
    aws,
    config: environmentConfig("dev"),
    workflow: workflowProps("dev"),
    baseName: "housing-dev",
  };
}

it("names every execution and release that runs", async () => {
  const busy = refuseWhileRunning(environment({ "housing-dev": ["a", "b"], "housing-dev-release": ["c"] }));
  await expect(busy).rejects.toThrow(UsageError);
  await expect(busy).rejects.toThrow(
    "Executions are running: a, b. Releases are running: c. Wait until they have ended: npm run status -- dev. An execution of the workflow can be stopped with npm run stop -- dev <execution>. Nothing was changed",
  );
});

it("names a release that runs alone", async () => {
  await expect(
    refuseWhileRunning(environment({ "housing-dev": [], "housing-dev-release": ["c"] })),
  ).rejects.toThrow(
    /^Releases are running: c\. Wait until they have ended: npm run status -- dev\. Nothing was changed$/,
  );
});

it("names a run of the monitor, whose job writes", async () => {
  await expect(refuseWhileRunning(environment({ "housing-dev-monitor": ["d"] }))).rejects.toThrow(
    /^The monitor is running: d\. Wait until they have ended/,
  );
});

it("names a decision on a retraining, which may start one", async () => {
  await expect(refuseWhileRunning(environment({ "housing-dev-retrain": ["e"] }))).rejects.toThrow(
    /^A retraining is being decided on: e\. Wait until they have ended/,
  );
});

it.each([[{ "housing-dev": [], "housing-dev-release": [] }], [{ "housing-dev": [] }], [{}]])(
  "goes on where nothing runs, deployed or not: %j",
  async (running) => {
    await expect(refuseWhileRunning(environment(running))).resolves.toBeUndefined();
  },
);
