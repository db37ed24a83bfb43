import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { variablesAt } from "../../../cli/execution/variables";

const graph = {
  StartAt: "First",
  States: Object.fromEntries(
    ["First", "Each", "Second", "Third"].map((name) => [name, { Type: "Pass", End: true } as const]),
  ),
};
const entered = (name: string): HistoryEvent =>
  ({ type: "PassStateEntered", stateEnteredEventDetails: { name } }) as HistoryEvent;
const exited = (name: string, assigned?: object): HistoryEvent =>
  ({
    type: "PassStateExited",
    stateExitedEventDetails: {
      name,
      assignedVariables:
        assigned &&
        Object.fromEntries(Object.entries(assigned).map(([key, value]) => [key, JSON.stringify(value)])),
    },
  }) as HistoryEvent;

const events = [
  entered("First"),
  exited("First", { url: "one", count: 1 }),
  entered("Each"),
  entered("Inner"),
  exited("Inner", { url: "inner" }),
  exited("Each"),
  entered("Second"),
  exited("Second", { count: 2, list: ["a"] }),
  entered("Third"),
  exited("Third", { count: 3 }),
  entered("Third"),
];

describe("variablesAt", () => {
  it("has the last value of each variable before the state was first entered", () => {
    expect(variablesAt(events, graph, "Third")).toEqual({ url: "one", count: 2, list: ["a"] });
    expect(variablesAt(events, graph, "First")).toEqual({});
  });

  it("has only what was set after another state", () => {
    expect(variablesAt(events, graph, "Third", "Each")).toEqual({ count: 2, list: ["a"] });
  });

  it("has nothing of an execution that never came to the state", () => {
    expect(variablesAt(events, graph, "Fourth")).toBeUndefined();
  });

  it("fails rather than go on with half a value", () => {
    const cut = exited("First", { url: "one" });
    Object.assign(cut.stateExitedEventDetails as object, { assignedVariablesDetails: { truncated: true } });
    expect(() => variablesAt([cut, entered("Second")], graph, "Second")).toThrow(
      "variables of First in full",
    );
  });
});
