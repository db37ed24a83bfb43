import { checkDefinition } from "../../../workflow/asl/checks";
import type { State, StateGraph } from "../../../workflow/asl/states";

describe("checkDefinition", () => {
  const read = { Type: "Succeed", Output: "{% $x %}" } as const;
  const graph = (States: Record<string, State>): StateGraph => ({ StartAt: "A", States });

  it("accepts a variable that every path sets", () => {
    const branches: Record<string, State> = {
      A: {
        Type: "Choice",
        Choices: [{ Condition: "{% true %}", Assign: { x: 1 }, Next: "C" }],
        Default: "B",
      },
      B: { Type: "Pass", Assign: { x: 2 }, Next: "C" },
      C: read,
    };
    expect(checkDefinition(graph(branches))).toEqual([]);
  });

  it("finds a variable that one path does not set", () => {
    const states: Record<string, State> = {
      A: {
        Type: "Choice",
        Choices: [{ Condition: "{% true %}", Assign: { x: 1 }, Next: "C" }],
        Default: "C",
      },
      C: read,
    };
    expect(checkDefinition(graph(states))).toEqual([expect.stringContaining("C reads $x, which is not set")]);
  });

  it("does not see a state's own assignments as set in that state", () => {
    const states: Record<string, State> = {
      A: { Type: "Pass", Assign: { x: 1, y: "{% $x %}" }, Next: "C" },
      C: read,
    };
    expect(checkDefinition(graph(states))).toEqual([expect.stringContaining("A reads $x")]);
  });

  it("finds broken expressions, unreachable states and Terraform's marks", () => {
    expect(checkDefinition(graph({ A: { Type: "Succeed", Output: "{% 1 + %}" } }))).toHaveLength(1);
    expect(checkDefinition(graph({ A: { Type: "Succeed" }, B: { Type: "Succeed" } }))).toEqual([
      "B is never reached",
    ]);
    expect(checkDefinition(graph({ A: { Type: "Succeed", Output: '{% "%{x}" %}' } }))).toEqual([
      expect.stringContaining("which Terraform reads as its own"),
    ]);
  });
});
