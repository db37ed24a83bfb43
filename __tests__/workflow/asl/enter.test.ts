import { checkDefinition } from "../../../workflow/asl/checks";
import { enterAt } from "../../../workflow/asl/enter";
import type { StateMachineDefinition } from "../../../workflow/asl/states";
import { workflowDefinition } from "../../../workflow/definition";
import { workflow } from "../../fixtures";
import { evaluate } from "../evaluate";

const definition: StateMachineDefinition = {
  Comment: "A",
  QueryLanguage: "JSONata",
  TimeoutSeconds: 60,
  StartAt: "First",
  States: {
    First: { Type: "Pass", Next: "Second" },
    Second: { Type: "Pass", Assign: { found: 1 }, Next: "Third" },
    Third: {
      Type: "Choice",
      Choices: [{ Condition: "{% $found = 1 %}", Next: "Good" }],
      Default: "Bad",
    },
    Good: { Type: "Succeed" },
    Bad: { Type: "Fail", Error: "Bad", Cause: "" },
  },
};

describe("enterAt", () => {
  it("starts with the state, its variables set, and leaves out what is no longer reached", () => {
    const entered = enterAt(definition, { state: "Third", variables: { found: 1 } });
    expect(entered).toEqual({
      ...definition,
      StartAt: "Enter",
      States: {
        Enter: { Type: "Pass", Assign: { found: "{% 1 %}" }, Next: "Third" },
        Third: definition.States.Third,
        Good: definition.States.Good,
        Bad: definition.States.Bad,
      },
    });
    expect(checkDefinition(entered)).toEqual([]);
  });

  it("goes there after another state, which runs as before", () => {
    const { StartAt, States } = enterAt(definition, {
      state: "Third",
      variables: { found: 1 },
      after: "First",
    });
    expect(StartAt).toBe("First");
    expect(States.First).toEqual({ Type: "Pass", Next: "Enter" });
    expect(Object.keys(States).sort()).toEqual(["Bad", "Enter", "First", "Good", "Third"]);
  });

  it("leaves the definition that it was given alone", () => {
    const before = structuredClone(definition);
    enterAt(definition, { state: "Third", variables: {}, after: "First" });
    expect(definition).toEqual(before);
  });

  it.each([
    "plain",
    "{% $evil %}",
    'quotes " and \\ and %}',
    "two\n  lines",
    [],
    [[1], []],
    { a: { b: null } },
    -1.5,
    true,
    null,
  ])("sets %j as it is", async (value) => {
    const { States } = enterAt(definition, { state: "Third", variables: { value } });
    const { Assign } = States.Enter as { readonly Assign?: Record<string, string> };
    expect(JSON.parse(JSON.stringify(await evaluate(Assign?.value ?? "")))).toEqual(value);
  });

  it.each(["ModelTraining", "ModelEvaluation", "SmokeTest"])(
    "finds that the workflow's %s reads nothing but variables",
    (state) => {
      const { definition } = workflowDefinition(workflow());
      const entered = enterAt(definition, { state, variables: {}, after: "PinCode" });
      const missing = checkDefinition(entered).flatMap((problem) => problem.match(/(?<=reads \$)\w+/g) ?? []);
      const variables = Object.fromEntries([...new Set(missing)].map((name) => [name, "set"]));
      expect(missing.length).toBeGreaterThan(0);
      expect(checkDefinition(enterAt(definition, { state, variables, after: "PinCode" }))).toEqual([]);
      expect(JSON.stringify(entered.States[state])).not.toContain("$states.input");
    },
  );

  it("refuses what is no state, or does not lead to one", () => {
    const at = (state: string, after?: string) => () => enterAt(definition, { state, variables: {}, after });
    expect(at("Nowhere")).toThrow("The definition has no state Nowhere");
    expect(at("Third", "Good")).toThrow("Good is no state with one next state");
    expect(at("Third", "Nowhere")).toThrow("Nowhere is no state with one next state");
    const twice = enterAt(definition, { state: "Third", variables: {} });
    expect(() => enterAt(twice, { state: "Third", variables: {} })).toThrow("has a state Enter");
  });
});
