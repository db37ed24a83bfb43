import { transitionsPerRun } from "../../../cli/costs/transitions";
import { parseDefinition } from "../../../cli/terraform/definition-json";
import { workflowDefinition } from "../../../workflow/definition";
import { workflow } from "../../fixtures";

const polling = { minutes: 6, intervalSeconds: 30 };
const pass = (Next: string) => ({ Type: "Pass", Next });
const end = { Type: "Succeed" };

it("counts the states on the way to a success, not those that only a failure meets", () => {
  const States = {
    A: pass("B"),
    B: { Type: "Choice", Choices: [{ Next: "C" }], Default: "F" },
    C: end,
    F: { Type: "Fail" },
  };
  expect(transitionsPerRun({ StartAt: "A", States }, polling)).toBe(3);
});

it("counts what a map runs for each of its items, and each branch", () => {
  const inner = { StartAt: "I", States: { I: { Type: "Pass", End: true } } };
  const map = { Type: "Map", Items: ["a", "b", "c"], ItemProcessor: inner, End: true };
  expect(transitionsPerRun({ StartAt: "A", States: { A: map } }, polling)).toBe(4);
  const parallel = { Type: "Parallel", Branches: [inner, inner], End: true };
  expect(transitionsPerRun({ StartAt: "A", States: { A: parallel } }, polling)).toBe(3);
});

describe("a loop that waits", () => {
  const loop = (Seconds: unknown) => ({
    StartAt: "W",
    States: {
      W: { Type: "Wait", Seconds, Next: "D" },
      D: { Type: "Task", Next: "C" },
      C: { Type: "Choice", Choices: [{ Next: "E" }], Default: "W" },
      E: end,
    },
  });

  it("runs as often as its wait fits into the polling", () => {
    // 60 s are 6 checks in 6 minutes: 4 states to the end, and 5 more rounds of 3.
    expect(transitionsPerRun(loop(60), polling)).toBe(4 + 5 * 3);
  });

  it("takes the assumed interval where an expression decides", () => {
    expect(transitionsPerRun(loop("{% $pause %}"), polling)).toBe(4 + 11 * 3);
  });
});

it("does not repeat a wait that leads nowhere back", () => {
  const States = { W: { Type: "Wait", Seconds: 1, Next: "E" }, E: end };
  expect(transitionsPerRun({ StartAt: "W", States }, polling)).toBe(2);
});

it("is nothing where no way leads to a success", () => {
  expect(transitionsPerRun({ StartAt: "A", States: { A: pass("A") } }, polling)).toBe(0);
});

it("counts what a cache asks and records, and the jobs all the same", () => {
  const without = parseDefinition(JSON.stringify(workflowDefinition(workflow()).definition));
  const cached = parseDefinition(JSON.stringify(workflowDefinition(workflow({ cache: {} })).definition));
  // A question, a choice and a record for each of two jobs.
  expect(transitionsPerRun(cached, polling)).toBe(transitionsPerRun(without, polling) + 6);
});

it("follows the project's own workflow through its jobs to its endpoint", () => {
  const definition = parseDefinition(JSON.stringify(workflowDefinition(workflow()).definition));
  // 37 states, what 6 maps do once, and 11 more looks at the endpoint of 3 states each.
  expect(transitionsPerRun(definition, polling)).toBe(37 + 6 + 11 * 3);
});
