import { isExpression } from "../../workflow/asl/jsonata";
import type { ChoiceState, MapState, SucceedState, TaskState } from "../../workflow/asl/states";
import { monitorStateMachine } from "../../workflow/resources";
import { sageMakerRoles } from "../../workflow/roles";
import { references, workflow } from "../fixtures";
import { evaluate } from "./evaluate";

const aslValidator = require("asl-validator") as (definition: unknown) => {
  isValid: boolean;
  errorsText(separator: string): string;
};

const endpoint = { instanceType: "ml.m5.large", capture: { percentage: 100 } } as const;
const monitored = workflow({
  endpoint,
  monitor: { folder: "python/scripts", entryPoint: "monitoring.py", arguments: ["--tolerance", "0.3"] },
});
const machine = monitorStateMachine(monitored);
const { States } = JSON.parse(machine?.definition ?? "{}");

const context = (Input: object) => ({
  context: {
    Execution: {
      Id: "arn:aws:states:us-east-1:123456789012:execution:housing-dev-monitor:morning",
      Name: "morning",
      StartTime: "2026-01-31T12:20:30.500Z",
      Input,
    },
  },
});

/** The variables of an execution with an input, up to the folders of its window, and the state that follows. */
async function begun(input: object) {
  const states = context(input);
  const variables: Record<string, unknown> = {};
  let next = "ReadMonitorInput";
  while (["ReadMonitorInput", "CheckMonitorInput", "CheckWindow"].includes(next)) {
    const state = States[next];
    let rule = state;
    if (state.Type === "Choice") {
      for (rule of (state as ChoiceState).Choices) {
        if (await evaluate(rule.Condition, states, variables)) break;
      }
    }
    const assigned = Object.entries(rule.Assign).map(async ([name, value]) => [
      name,
      isExpression(value) ? await evaluate(value, states, { ...variables }) : value,
    ]);
    Object.assign(variables, Object.fromEntries(await Promise.all(assigned)));
    next = rule.Next;
  }
  return { next, variables };
}

it("is a definition that Step Functions accepts", () => {
  const result = aslValidator(JSON.parse(machine?.definition ?? "{}"));
  expect(result.isValid ? "" : result.errorsText("\n")).toBe("");
});

it("is there only where the endpoint captures requests", () => {
  const monitor = { folder: "python/scripts", entryPoint: "monitoring.py" };
  for (const props of [
    { endpoint, monitor: undefined },
    { monitor },
    { monitor, endpoint: { kind: "serverless" } as const },
  ]) {
    const without = workflow(props);
    expect(monitorStateMachine(without)).toBeUndefined();
    expect(sageMakerRoles(without.settings, references).monitor).toBeUndefined();
  }
});

describe("the window", () => {
  it("is by default the day that ended a while ago", async () => {
    const { next, variables } = await begun({});
    expect(next).toBe("PinCode");
    expect(variables).toMatchObject({
      windowStart: Date.parse("2026-01-30T12:05:00Z"),
      windowEnd: Date.parse("2026-01-31T12:05:00Z"),
      endpointName: "housing-dev",
    });
    expect(variables.captured).toEqual([
      { name: "capture-0", folder: "capture/0", prefix: "data-capture/housing-dev/primary/2026/01/30/" },
      { name: "capture-1", folder: "capture/1", prefix: "data-capture/housing-dev/primary/2026/01/31/" },
    ]);
  });

  it.each([
    ["2026-01-31T10:30:00Z", "2026-01-31T11:00:00Z", ["31/10"]],
    ["2026-01-31T23:30:00Z", "2026-02-01T00:30:00Z", ["01/31/23", "02/01/00"]],
    ["2026-01-31T10:30:00Z", "2026-01-31T15:30:00Z", ["31/10", "31/11", "31/12", "31/13", "31/14", "31/15"]],
    ["2026-01-28T00:00:00Z", "2026-01-29T00:00:00Z", ["01/28"]],
    ["2026-01-26T12:00:00Z", "2026-01-31T12:00:00Z", ["26", "27", "28", "29", "30", "31"]],
  ])("from %s to %s has the folders %j", async (WindowStart, WindowEnd, folders) => {
    const { variables } = await begun({ WindowStart, WindowEnd });
    const prefixes = (variables.captured as { prefix: string }[]).map(({ prefix }) => prefix);
    expect(prefixes).toEqual(folders.map((folder) => expect.stringMatching(`/${folder}/$`)));
  });

  it.each([
    [
      { WindowStart: "yesterday" },
      "WindowStart must be a time in UTC such as 2026-01-31T12:00:00Z, got yesterday",
    ],
    [{ WindowEnd: 5 }, "WindowEnd must be a time in UTC such as 2026-01-31T12:00:00Z, got 5"],
    [{ WindowEnd: "2026-13-01T00:00:00Z" }, "got 2026-13-01"],
    [{ Window: 1 }, "Window is not a key of the monitor's input: it has WindowStart and WindowEnd"],
    [{ WindowStart: "2026-02-01T00:00:00Z" }, "must end after it begins, and be at most 120 hours long"],
    [{ WindowStart: "2026-01-01T00:00:00Z" }, "the window from 2026-01-01T00:00:00.000Z to 2026-01-31T12:05"],
  ])("of the input %j is refused", async (input, reason) => {
    const { next, variables } = await begun(input);
    expect(next).toBe("InvalidInput");
    expect((variables.failure as { reason: string }).reason).toContain(reason);
  });
});

describe("the job", () => {
  const { Arguments } = States.JudgeTraffic as TaskState;
  const variables = {
    endpointName: "housing-dev",
    executionFolder: "morning-1",
    championUrl: "s3://housing-dev-bucket/model-artifacts/m/output/model.tar.gz",
    windowStart: Date.parse("2026-01-30T12:05:00Z"),
    windowEnd: Date.parse("2026-01-31T12:05:00Z"),
  };

  it("reads the model, and the folders that have objects", async () => {
    const { ItemProcessor, Assign } = States.FindCaptured as MapState;
    const { Output } = ItemProcessor.States.FindFolder as TaskState;
    const item = {
      name: "capture-1",
      folder: "capture/1",
      prefix: "data-capture/housing-dev/primary/2026/01/31/",
    };
    const result = [
      await evaluate(
        Output as string,
        { input: { ...item, name: "capture-0" }, result: { KeyCount: 0 } },
        {},
      ),
      await evaluate(Output as string, { input: item, result: { KeyCount: 1 } }, {}),
    ];
    const monitorInputs = await evaluate(Assign?.monitorInputs as string, { result }, {});
    const inputs = await evaluate(Arguments.ProcessingInputs as string, {}, { ...variables, monitorInputs });
    const paths = (inputs as { InputName: string; S3Input: { S3Uri: string; LocalPath: string } }[]).map(
      ({ InputName, S3Input }) => [InputName, S3Input.S3Uri, S3Input.LocalPath],
    );
    expect(paths).toEqual([
      ["code", expect.stringContaining("code/executions/morning-1/"), "/opt/ml/processing/input/code"],
      ["model", variables.championUrl, "/opt/ml/processing/input/model"],
      ["capture-1", `s3://housing-dev-bucket/${item.prefix}`, "/opt/ml/processing/input/capture/1"],
    ]);
  });

  it("has only model and code where nothing was captured", async () => {
    const { Assign } = States.FindCaptured as MapState;
    const monitorInputs = await evaluate(Assign?.monitorInputs as string, { result: [{ found: false }] }, {});
    expect(monitorInputs).toEqual([]);
    const inputs = await evaluate(Arguments.ProcessingInputs as string, {}, { ...variables, monitorInputs });
    expect(inputs).toHaveLength(2);
  });

  it("is told the window, the gate's metric, and the user's own arguments", async () => {
    const { ContainerArguments } = Arguments.AppSpecification as { ContainerArguments: string };
    expect(await evaluate(ContainerArguments, {}, variables)).toEqual([
      "monitoring.py",
      "--start",
      "2026-01-30T12:05:00.000Z",
      "--end",
      "2026-01-31T12:05:00.000Z",
      "--metric",
      "test_r2",
      "--tolerance",
      "0.3",
    ]);
  });
});

it("puts each number of the verdict into CloudWatch, and tells it", async () => {
  const verdict = {
    Verdict: "drift",
    Reasons: ["MedInc"],
    Features: ["MedInc"],
    Rows: 9,
    Metrics: { A: 1, B: 2 },
  };
  const variables = {
    verdict,
    endpointName: "housing-dev",
    executionFolder: "morning-1",
    monitorJobName: "job",
    windowStart: 0,
    windowEnd: 1000,
  };
  const { Arguments } = States.PutMonitorMetrics as TaskState;
  const datum = {
    Dimensions: [{ Name: "EndpointName", Value: "housing-dev" }],
  };
  expect(await evaluate(Arguments.MetricData as string, {}, variables)).toEqual([
    { MetricName: "A", Value: 1, ...datum },
    { MetricName: "B", Value: 2, ...datum },
  ]);
  const { Output } = States.MonitorComplete as SucceedState;
  const told = Object.entries(Output as Record<string, string>).map(async ([key, value]) => [
    key,
    await evaluate(value, {}, variables),
  ]);
  expect(Object.fromEntries(await Promise.all(told))).toMatchObject({
    Verdict: "drift",
    Reasons: ["MedInc"],
    Features: ["MedInc"],
    Rows: 9,
    ReportUrl: "s3://housing-dev-bucket/monitoring/reports/housing-dev/morning-1/",
  });
});
