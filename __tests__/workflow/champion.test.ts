import type { State, TaskState } from "../../workflow/asl/states";
import { workflowDefinition } from "../../workflow/definition";
import { workflow } from "../fixtures";
import { evaluate } from "./evaluate";

const { definition } = workflowDefinition(
  workflow({ comparison: { folder: "python/scripts", entryPoint: "comparison.py" } }),
);

async function choose(name: string, variables: Record<string, unknown>): Promise<string | undefined> {
  const choice = definition.States[name] as Extract<State, { Type: "Choice" }>;
  for (const rule of choice.Choices) if (await evaluate(rule.Condition, {}, variables)) return rule.Next;
  return choice.Default;
}

async function assigned(state: string, variable: string, result: object): Promise<unknown> {
  const { Assign = {} } = definition.States[state] as TaskState;
  return await evaluate(Assign[variable] as string, { result });
}

it("may read the model in service, whether or not the execution releases its own", () => {
  const comparison = { folder: "python/scripts", entryPoint: "comparison.py" };
  const { policyStatements } = workflowDefinition(workflow({ comparison, approval: "manual" }));
  const actions = policyStatements.flatMap((statement) => statement.actions);
  const reads = ["Endpoint", "EndpointConfig", "Model", "ModelPackage"];
  expect(actions).toEqual(expect.arrayContaining(reads.map((name) => `sagemaker:Describe${name}`)));
});

describe("the search for the model in service", () => {
  it.each([
    [false, 1, "ModelComparison"],
    [true, 1, "WaitForChampion"],
    [true, 2, "WaitForChampion"],
    [true, 3, "ComparisonFailed"],
  ])("that found no endpoint (error: %j) at attempt %i goes to %s", async (serves, attempt, next) => {
    expect(await choose("ChampionAbsent", { champion: { serves }, attempt })).toBe(next);
  });

  it("leaves the comparison all its attempts", () => {
    const { Assign } = definition.States.FindChampion as TaskState;
    const { Choices } = definition.States.ChampionAbsent as Extract<State, { Type: "Choice" }>;
    expect([Assign?.attempt, Choices[0]?.Assign?.attempt]).toEqual([1, 1]);
  });

  it("does not take an endpoint without a status for one without a model", async () => {
    await expect(assigned("FindChampion", "champion", {})).rejects.toMatchObject({
      message: "The endpoint has no status",
    });
    expect(await assigned("FindChampion", "champion", { EndpointStatus: "Failed" })).toMatchObject({
      serves: false,
    });
  });

  it.each([
    [{ ModelDataUrl: "s3://b/m.tar.gz" }, "s3://b/m.tar.gz"],
    [{ ModelPackageName: "arn" }, ""],
  ])("knows the artifact of a model with %j", async (PrimaryContainer, url) => {
    expect(await assigned("ReadChampionModel", "championUrl", { PrimaryContainer })).toBe(url);
  });

  it("does not take a model of several containers for none", async () => {
    await expect(
      assigned("ReadChampionModel", "championUrl", { Containers: [{}, {}] }),
    ).rejects.toMatchObject({
      message: expect.stringContaining("neither a model package nor an artifact"),
    });
  });
});
