/** What a redriven execution creates has names of its own, or is the same thing that it created before. */

import type { MapState, StateGraph, TaskState } from "../../workflow/asl/states";
import { releaseDefinition, workflowDefinition } from "../../workflow/definition";
import { tuning, workflow } from "../fixtures";
import { context, evaluate } from "./evaluate";

const everything = workflow({
  tuning,
  comparison: { folder: "f", entryPoint: "c.py" },
  smokeTest: { examples: [{ instances: [[1]], low: 0, high: 1 }] },
  endpoint: {
    instanceType: "ml.m5.large",
    autoscaling: { minInstances: 2, maxInstances: 3, invocationsPerInstance: 100 },
  },
});

function tasksOf({ States }: StateGraph): [string, TaskState][] {
  return Object.entries(States).flatMap(([name, state]) =>
    state.Type === "Map"
      ? tasksOf((state as MapState).ItemProcessor)
      : state.Type === "Task"
        ? [[name, state] as [string, TaskState]]
        : [],
  );
}

const variables = {
  attempt: 1,
  modelPackageArn: "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing-dev/7",
  package: { version: 7, created: "2026-01-02" },
  modelName: "the model",
  endpointName: "the endpoint",
  endpointConfigName: "the configuration",
};

/** The names that a redrive gives to what each task creates, after the first name. */
async function names(graph: StateGraph): Promise<Record<string, [unknown, unknown]>> {
  const created = tasksOf(graph).flatMap(([state, { Resource, Arguments }]) => {
    const [, kind] = /:create(\w+?)(?:\.sync)?$/.exec(Resource) ?? [];
    const name = kind === undefined ? undefined : Arguments[`${kind}Name`];
    return typeof name === "string" ? [[state, name] as const] : [];
  });
  const pairs = created.map(async ([state, name]) => [
    state,
    await Promise.all(
      [0, 1].map((RedriveCount) => evaluate(name, { context: context({ RedriveCount }) }, variables)),
    ),
  ]);
  return Object.fromEntries(await Promise.all(pairs));
}

it("differ in the workflow's executions, for every task that creates something under a name of its own", async () => {
  const found = await names(workflowDefinition(everything).definition);
  const fresh = ["DataPreprocessing", "ModelTuning", "ModelTraining", "ModelComparison"];
  expect(Object.keys(found)).toEqual([...fresh, "CreateModel", "CreateEndpointConfig", "CreateEndpoint"]);
  for (const state of [...fresh, "CreateModel", "CreateEndpointConfig"]) {
    const [first, redriven] = found[state] ?? [];
    expect([state, redriven]).not.toEqual([state, first]);
  }
});

it("are those of the version in a release, which takes what is there already", async () => {
  const { definition } = releaseDefinition(everything);
  const found = await names(definition);
  expect(Object.keys(found)).toEqual(["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]);
  for (const [first, redriven] of Object.values(found)) expect(redriven).toBe(first);
  for (const [state, refused] of [
    ["CreateModel", "ModelRefused"],
    ["CreateEndpointConfig", "ConfigRefused"],
  ] as const) {
    expect(definition.States[state]).toMatchObject({ Catch: [{ Next: refused }] });
    expect(JSON.stringify(definition.States[refused])).toContain("already existing");
  }
});
