import { isExpression } from "../../workflow/asl/jsonata";
import type { ChoiceState, TaskState } from "../../workflow/asl/states";
import { monitorStateMachine, retrainStateMachine } from "../../workflow/resources";
import { workflow } from "../fixtures";
import { context, evaluate } from "./evaluate";

const aslValidator = require("asl-validator") as (definition: unknown) => {
  isValid: boolean;
  errorsText(separator: string): string;
};

const retraining = { coolDownInHours: 6, mostPerDay: 2, refusalsInARow: 2 };
const machine = retrainStateMachine(workflow({ retraining }));
const { States, ...definition } = JSON.parse(machine?.definition ?? "{}");

const hours = (before: number) =>
  new Date(Date.parse("2026-01-31T12:00:00Z") - before * 3_600_000).toISOString();
const listed = (Name: string, Status: string, before: number) => ({
  Name,
  Status,
  StartDate: hours(before),
  ExecutionArn: `arn:${Name}`,
});

/** What a state assigns, with the result of its call. */
async function assigned(state: string, result: object, variables: object): Promise<Record<string, unknown>> {
  const states = {
    result,
    context: { ...context(), State: { EnteredTime: hours(0) } },
  };
  const values = Object.entries((States[state] as TaskState).Assign ?? {}).map(async ([name, value]) => [
    name,
    isExpression(value) ? await evaluate(value, states, { ...variables }) : value,
  ]);
  return Object.fromEntries(await Promise.all(values));
}

async function looked(executions: object[], forced = false, reset: object = { KeyCount: 0 }) {
  const found = await assigned("FindExecutions", { Executions: executions }, {});
  return await assigned("FindReset", reset, { ...found, forced });
}

it("is a valid definition", () => {
  const result = aslValidator({ ...definition, States });
  expect([result.isValid, result.errorsText("\n")]).toEqual([true, expect.anything()]);
});

it.each([
  ["the last one, seven hours ago", [listed("retrain-1", "SUCCEEDED", 7)], undefined],
  ["one by hand, an hour ago", [listed("run-1", "FAILED", 1)], undefined],
  ["nothing", [], undefined],
  ["a retraining five hours ago", [listed("retrain-1", "SUCCEEDED", 5)], "CoolDown"],
  ["a running execution of any kind", [listed("run-1", "RUNNING", 50)], "Running"],
  ["one that will be redriven", [listed("run-1", "PENDING_REDRIVE", 50)], "Running"],
  [
    "two within 24 hours",
    [listed("retrain-2", "SUCCEEDED", 7), listed("retrain-1", "SUCCEEDED", 23)],
    "DayLimit",
  ],
  [
    "one of two within 24 hours",
    [listed("retrain-2", "SUCCEEDED", 7), listed("retrain-1", "SUCCEEDED", 25)],
    undefined,
  ],
  [
    "two that failed",
    [listed("retrain-2", "FAILED", 50), listed("retrain-1", "TIMED_OUT", 99)],
    "CircuitOpen",
  ],
  [
    "one of two that failed",
    [listed("retrain-2", "FAILED", 50), listed("retrain-1", "SUCCEEDED", 99)],
    undefined,
  ],
  [
    "two that failed, and a stopped one between them",
    [
      listed("retrain-3", "FAILED", 50),
      listed("retrain-2", "ABORTED", 60),
      listed("retrain-1", "FAILED", 99),
    ],
    "CircuitOpen",
  ],
])("after %s", async (_, executions, decision) => {
  const { outcome } = await looked(executions);
  expect((outcome as { Decision?: string }).Decision).toBe(decision);
});

it("a mark lets retrainings begin again, and force lets one begin early", async () => {
  const failed = [listed("retrain-2", "FAILED", 1), listed("retrain-1", "FAILED", 2)];
  const reset = { KeyCount: 1, Contents: [{ LastModified: hours(0.5) }] };
  const earlier = { KeyCount: 1, Contents: [{ LastModified: hours(3) }] };
  expect(await looked(failed, true)).toMatchObject({ outcome: { Decision: "CircuitOpen" } });
  expect(await looked(failed, true, earlier)).toMatchObject({ outcome: { Decision: "CircuitOpen" } });
  expect(await looked(failed, false, reset)).toMatchObject({ outcome: { Decision: "CoolDown" } });
  expect(await looked(failed, true, reset)).toMatchObject({ outcome: {}, because: "it was forced" });
});

it("the name of the next execution is made of the last retraining, whatever else ran since", async () => {
  const last = listed("retrain-first", "SUCCEEDED", 48);
  const name = "retrain-after-20260129T120000000";
  expect(await looked([last])).toMatchObject({ executionName: name, last: { name: "retrain-first" } });
  expect(await looked([listed("run-1", "SUCCEEDED", 1), last])).toMatchObject({ executionName: name });
  expect(await looked([listed("run-1", "SUCCEEDED", 24)])).toMatchObject({
    executionName: "retrain-after-20260130T120000000",
    last: {},
  });
  expect(await looked([])).toMatchObject({ executionName: "retrain-first" });
});

it("data is new from the second of the last retraining on, also on a later page", async () => {
  const last = { name: "retrain-1", start: Date.parse("2026-01-31T12:00:00.500Z") };
  const page = (LastModified: string, IsTruncated: boolean) => ({
    ...{ KeyCount: 1, IsTruncated },
    Contents: [{ Key: "raw-data/a", LastModified }],
  });
  const find = (result: object) => assigned("FindNewData", result, { last, after: "raw-data/" });
  expect(await find(page("2026-01-31T12:00:00Z", false))).toMatchObject({
    newest: "raw-data/a",
    more: false,
  });
  expect(await find(page("2026-01-31T11:59:59Z", true))).toEqual({
    newest: "",
    after: "raw-data/a",
    more: true,
  });
  expect(await find({ KeyCount: 0 })).toEqual({ newest: "", after: "raw-data/", more: false });
  await expect(find({})).rejects.toMatchObject({ message: "The list has no KeyCount" });
});

it("what is started gets the reason, and who decided", async () => {
  const { Arguments, Catch = [] } = States.StartRetraining as TaskState;
  const input = await evaluate(
    Arguments.Input as string,
    { context: context({ Name: "ask-1" }) },
    { reason: { Kind: "drift", Why: "w" } },
  );
  expect(JSON.parse(input as string)).toEqual({ Reason: { Kind: "drift", Why: "w", DecidedBy: "ask-1" } });
  expect(Catch[0]).toMatchObject({
    ErrorEquals: ["Sfn.ExecutionAlreadyExistsException"],
    Next: "KeepDecision",
  });
});

it("changes are looked for only after one has succeeded, and not if it is forced", async () => {
  const [refused, atOnce] = (States.MayRetrain as ChoiceState).Choices;
  const next = async (variables: object) =>
    (await evaluate(refused?.Condition as string, {}, { ...variables }))
      ? refused?.Next
      : (await evaluate(atOnce?.Condition as string, {}, { ...variables }))
        ? atOnce?.Next
        : States.MayRetrain.Default;
  expect(await next({ outcome: { Decision: "Running" }, forced: true, last: {} })).toBe("KeepDecision");
  expect(await next({ outcome: {}, forced: false, last: {} })).toBe("StartRetraining");
  expect(await next({ outcome: {}, forced: false, last: { arn: "a" } })).toBe("ReadLastRevision");
  expect(await next({ outcome: {}, forced: true, last: { arn: "a" } })).toBe("StartRetraining");
});

describe("the monitor", () => {
  const monitored = (on: ("drift" | "quality")[]) =>
    JSON.parse(
      monitorStateMachine(
        workflow({
          endpoint: { capture: { percentage: 100 } },
          monitor: { folder: "python/scripts", entryPoint: "monitor.py" },
          retraining: { on },
        }),
      )?.definition ?? "{}",
    ).States;
  const reasonOf = async (on: ("drift" | "quality")[], verdict: object) => {
    const [rule] = (monitored(on).VerdictAsks as ChoiceState).Choices;
    return (await evaluate(rule?.Condition as string, {}, { verdict }))
      ? await evaluate(rule?.Assign?.reason as string, {}, { verdict })
      : undefined;
  };
  const drift = { Verdict: "drift", Reasons: ["rooms drifted", "and income"], Features: ["rooms", "income"] };

  it("asks for nothing unless it is told to", () => {
    expect(Object.keys(monitored([]))).not.toContain("AskForRetraining");
    expect(monitored([]).PutMonitorMetrics.Next).toBe("MonitorComplete");
  });

  it.each<[string, ("drift" | "quality")[], object, object | undefined]>([
    ["drift", ["drift"], drift, { Kind: "drift", Why: "rooms drifted" }],
    [
      "slow drift",
      ["drift"],
      { Verdict: "slow-drift", Reasons: [] },
      { Kind: "drift", Why: "the verdict is slow-drift" },
    ],
    ["drift that nobody acts on", ["quality"], drift, undefined],
    [
      "lost quality",
      ["drift", "quality"],
      { ...drift, Verdict: "quality" },
      { Kind: "quality", Why: "rooms drifted" },
    ],
    [
      "drift behind lost quality",
      ["drift"],
      { ...drift, Verdict: "quality" },
      { Kind: "drift", Why: "rooms drifted" },
    ],
    ["silence", ["drift", "quality"], { Verdict: "silence", Reasons: ["nothing"], Features: [] }, undefined],
    [
      "a long reason",
      ["drift"],
      { ...drift, Reasons: "r".repeat(600) },
      { Kind: "drift", Why: "r".repeat(500) },
    ],
  ])("with %s", async (_, on, verdict, reason) => {
    expect(await reasonOf(on, verdict)).toEqual(reason);
  });
});
