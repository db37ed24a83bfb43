import type { DrillCase, DrilledMachine } from "../../../cli/drill/cases";
import { callOf, drilledMachine, faultsOf, scenarioCases } from "../../../cli/drill/cases";
import { Coverage, counts, coverageProblems } from "../../../cli/drill/coverage";
import { drilledDefinitions } from "../../../cli/drill/definitions";
import { callsOf, visitsOf } from "../../../cli/drill/drilled-visits";
import { problemsOf } from "../../../cli/drill/judgement";
import { mockFile } from "../../../cli/drill/mock-file";
import { marked } from "../../../cli/drill/parts";
import type { DrillResult } from "../../../cli/drill/run";
import { workflowProps } from "../../../configuration";
import { checkDefinition } from "../../../workflow/asl/checks";
import { jsonata } from "../../../workflow/asl/jsonata";
import type { StateMachineDefinition, TaskState } from "../../../workflow/asl/states";

const task: TaskState = {
  Type: "Task",
  Resource: "arn:aws:states:::aws-sdk:s3:headObject",
  Arguments: {},
  Retry: [{ ErrorEquals: ["S3.S3Exception"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2 }],
  Catch: [{ ErrorEquals: ["States.ALL"], Next: "Lost" }],
  Next: "Choose",
};
const definition: StateMachineDefinition = {
  Comment: "",
  QueryLanguage: "JSONata",
  TimeoutSeconds: 60,
  StartAt: "Look",
  States: {
    Look: task,
    Choose: { Type: "Choice", Choices: [{ Condition: jsonata`true`, Next: "Lost" }], Default: "Lost" },
    Lost: { Type: "Fail", Error: "PackageUnusable", Cause: "c" },
  },
};
const machine = {
  name: "m",
  definition,
  marked: marked(definition),
  states: new Map(Object.entries(definition.States)),
} as unknown as DrilledMachine;

function result(changes: Partial<DrillResult>, one: Partial<DrillCase> = {}): DrillResult {
  const scenario = { name: "as usual", answers: {}, end: "success" } as const;
  const drilled: DrillCase = {
    id: "c",
    machine,
    scenario,
    answers: {},
    input: {},
    end: "PackageUnusable",
    ...one,
  };
  return { case: drilled, status: "FAILED", visits: [], ...changes };
}

const denied = {
  class: "permission",
  error: "S3.AccessDeniedException",
  cause: "denied",
  expect: "lasting",
  source: "s",
} as const;
const injection = { state: "Look", fault: denied, once: false };
const failed = { error: "PackageUnusable", cause: '{"reason": "denied"}' };
const calls = (count: number) => [{ state: "Look", calls: count, errors: Array(count).fill(denied.error) }];

describe("a marked definition", () => {
  it("leads each rule and catcher through a state of its own", () => {
    const { States } = machine.marked.definition;
    expect(Object.keys(States)).toEqual([
      "Look",
      "Look, catcher 1",
      "Choose",
      "Choose, rule 1",
      "Choose, default",
      "Lost",
    ]);
    expect(States["Choose, default"]).toEqual({ Type: "Pass", Next: "Lost" });
    expect(checkDefinition(machine.marked.definition)).toEqual([]);
  });

  it("has every part to drive", () => {
    expect(machine.marked.parts.map(({ name }) => name)).toEqual([
      "Look",
      "Look, retrier 1",
      "Look, catcher 1",
      "Choose",
      "Choose, rule 1",
      "Choose, default",
      "Lost",
    ]);
  });
});

describe("an end", () => {
  it("is as expected with the expected error, its reason and one call", () => {
    expect(problemsOf(result({ ...failed, visits: calls(1) }, { injection }))).toEqual([]);
  });

  it.each([
    [
      "another error",
      { ...failed, error: "DeploymentFailed", visits: calls(1) },
      "must end in PackageUnusable",
    ],
    ["a success", { status: "SUCCEEDED", output: "{}", visits: calls(1) }, "ended in success"],
    ["no reason", { ...failed, cause: "{}", visits: calls(1) }, "must say why"],
    ["a second call", { ...failed, visits: calls(2) }, "must make 1 calls, made 2"],
    ["no end", { status: "ABORTED", error: "Endless", visits: calls(1) }, "ended in Endless"],
  ])("is not as expected with %s", (_, changes, problem) => {
    expect(problemsOf(result(changes, { injection })).join()).toContain(problem);
  });

  it("of a passing error is not as expected without a second call", () => {
    const fault = { ...denied, expect: "passing" } as const;
    const once = result({ ...failed, visits: calls(1) }, { injection: { ...injection, fault } });
    expect(problemsOf(once).join()).toContain("must make 2 to 7 calls, made 1");
  });

  it("must have been decided", () => {
    expect(problemsOf(result(failed, { injection, end: undefined })).join()).toContain("no expected end");
  });
});

describe("the coverage", () => {
  it("counts a retrier only if there was another call", () => {
    const coverage = new Coverage();
    const visit = { state: "Look", calls: 1, errors: ["S3.S3Exception"] };
    coverage.add(result({ visits: [visit] }), "first");
    expect(counts(coverage.of([machine]), "retrier").driven).toBe(0);
    coverage.add(result({ visits: [{ ...visit, calls: 2 }] }), "second");
    expect(counts(coverage.of([machine]), "retrier").driven).toBe(1);
  });

  it("names what nothing drove", () => {
    const coverage = new Coverage();
    coverage.add(
      result({ visits: ["Look", "Choose", "Lost"].map((state) => ({ state, calls: 1, errors: [] })) }),
      "c",
    );
    expect(coverageProblems(coverage.of([machine])).map((problem) => problem.split(":")[1])).toEqual([
      " nothing drove Look, retrier 1",
      " nothing drove Look, catcher 1",
      " nothing drove Choose, rule 1",
      " nothing drove Choose, default",
    ]);
  });
});

it("a history tells calls and errors of each visit", () => {
  const event = (id: number, type: string, more: object = {}) => ({
    id,
    type,
    previousEventId: id - 1,
    ...more,
  });
  const events = [
    event(1, "ExecutionStarted"),
    event(2, "TaskStateEntered", { stateEnteredEventDetails: { name: "Look" } }),
    event(3, "TaskScheduled", { taskScheduledEventDetails: { parameters: '{"A":1}' } }),
    event(4, "TaskFailed", { taskFailedEventDetails: { error: "E" } }),
    event(5, "TaskScheduled"),
    event(6, "TaskTimedOut", { taskTimedOutEventDetails: { error: "States.Timeout" } }),
  ];
  expect(visitsOf(events as never)).toEqual([{ state: "Look", calls: 2, errors: ["E", "States.Timeout"] }]);
  expect(callsOf(events as never)).toEqual([{ state: "Look", parameters: '{"A":1}' }]);
});

it("answers are numbered, and the last one stays", () => {
  const answers = { Look: [{ error: "E", cause: "c" }, { result: 1 }] };
  expect(mockFile([result({}, { answers }).case])).toEqual({
    StateMachines: { m: { TestCases: { c: { Look: "response-0" } } } },
    MockedResponses: {
      "response-0": { "0": { Throw: { Error: "E", Cause: "c" } }, "1-9999": { Return: 1 } },
    },
  });
});

describe("the definitions of the project", () => {
  const machines = drilledDefinitions(workflowProps("local")).map(drilledMachine);

  it("have documented errors for each of their calls", () => {
    for (const { states } of machines) {
      for (const state of states.values()) {
        if (state.Type === "Task") expect(faultsOf(state).length).toBeGreaterThan(5);
      }
    }
    expect(() => callOf("arn:aws:states:::sqs:sendMessage")).toThrow("add its kind of call");
  });

  it("have at least the usual scenario", () => {
    for (const one of machines) expect(scenarioCases([one])[0]?.scenario.name).toBe("as usual");
  });
});
