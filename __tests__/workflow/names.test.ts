import { jsonata } from "../../workflow/asl/jsonata";
import {
  checkNameScope,
  endpointName,
  executionFolder,
  freshName,
  maxNameLength,
  stableEndpointName,
} from "../../workflow/names";
import { context, evaluate } from "./evaluate";

const scope = { prefix: "housing", environment: "dev" };
const longest = { prefix: "a".repeat(16), environment: "b".repeat(10) };
const legal = /^[a-z0-9](-?[a-z0-9])*$/;

const trainingName = (states: Parameters<typeof context>[0], attempt = 1, names = scope) =>
  evaluate(
    freshName(names, "train", "TrainingJobName", jsonata`$attempt`),
    { context: context(states) },
    { attempt },
  );

describe("names of jobs", () => {
  it("hold prefix, environment, kind, execution, hash and attempt", async () => {
    expect(await trainingName({ Name: "Nightly.Run_7", RetryCount: 2 })).toMatch(
      /^housing-dev-train-nightly-run-7-[0-9a-f]{8}-1-2$/,
    );
  });

  it.each([
    "x",
    "___",
    ".a.",
    "-",
    "é()'!é",
    "A".repeat(80),
    `${"a".repeat(33)}-${"b".repeat(46)}`,
    "0f1c9a2e-1111-2222-3333-444455556666_0f1c9a2e-1111-2222-3333-444455556666",
  ])("are legal for an execution called %s", async (Name) => {
    for (const names of [scope, longest]) {
      const name = (await trainingName({ Name, RetryCount: 99 }, 3, names)) as string;
      expect(name).toMatch(legal);
      expect(name.length).toBeLessThanOrEqual(maxNameLength);
      expect(await evaluate(executionFolder, { context: context({ Name }) })).toMatch(legal);
    }
  });

  it("differ between retries, attempts, redrives and executions of one name", async () => {
    const first = context();
    const again = {
      Execution: { ...first.Execution, StartTime: "2026-05-02T03:04:05.678Z" },
      State: first.State,
    };
    const names = [
      await trainingName({}),
      await trainingName({ RetryCount: 1 }),
      await trainingName({}, 2),
      await trainingName({ RedriveCount: 1 }),
      await evaluate(freshName(scope, "train", "TrainingJobName", 1), { context: again }),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it("do not break where the context has no redrive count", async () => {
    const { RedriveCount: _, ...Execution } = context().Execution;
    const name = await evaluate(freshName(scope, "model", "ModelName"), {
      context: { Execution, State: { RetryCount: 0 } },
    });
    expect(name).toBe(await evaluate(freshName(scope, "model", "ModelName")));
  });

  it("take in a recipe's name, lower-cased and inside our prefix", async () => {
    expect(await trainingName({ Input: { TrainingJobName: "Training-1700000000" } })).toMatch(
      /^housing-dev-train-training-1700000000-[0-9a-f]{8}-1-0$/,
    );
  });
});

describe("the endpoint's name", () => {
  it("is the same in every execution", async () => {
    expect(await evaluate(endpointName(scope), { context: context({ Name: "other" }) })).toBe("housing-dev");
  });

  it("is another one for a serverless endpoint, also where the input adds to it", async () => {
    const serverless = { ...scope, endpoint: { kind: "serverless" as const } };
    expect(stableEndpointName(serverless)).toBe("housing-dev-serverless");
    expect(await evaluate(endpointName(serverless))).toBe("housing-dev-serverless");
    const named = { context: context({ Input: { EndpointName: "Canary" } }) };
    expect(await evaluate(endpointName(serverless), named)).toBe("housing-dev-serverless-canary");
  });

  it("takes in a given name, cut to the limit", async () => {
    const Input = { EndpointName: `Endpoint-${"9".repeat(80)}` };
    const name = (await evaluate(endpointName(scope), { context: context({ Input }) })) as string;
    expect(name).toMatch(/^housing-dev-endpoint-9+$/);
    expect(name).toHaveLength(maxNameLength);
  });
});

describe("checkNameScope", () => {
  it.each(["Housing", "housing-", "housing-dev", "1st", "", "a".repeat(17)])(
    "fails for the prefix %p",
    (prefix) => {
      expect(() => checkNameScope({ prefix, environment: "dev" })).toThrow(`got "${prefix}"`);
    },
  );

  it.each(["Dev", "dev-1", "", "d".repeat(11)])("fails for the environment %p", (environment) => {
    expect(() => checkNameScope({ prefix: "housing", environment })).toThrow(`got "${environment}"`);
  });
});
