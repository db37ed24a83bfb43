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

const context = (Input: unknown) => ({
  context: {
    Execution: {
      Id: "arn:aws:states:us-east-1:123456789012:execution:housing-dev-monitor:morning",
      Name: "morning",
      StartTime: "2026-01-31T12:20:30.500Z",
      Input,
    },
  },
});

/** Evaluates what a state or a rule assigns. */
async function assigned(assign: object, states: Record<string, unknown>, variables: object) {
  const values = Object.entries(assign).map(async ([name, value]) => [
    name,
    isExpression(value) ? await evaluate(value, states, { ...variables }) : value,
  ]);
  return Object.fromEntries(await Promise.all(values));
}

/** The model in service since a while, and its capture. */
const serving = {
  championUrl: "s3://housing-dev-bucket/model-artifacts/m/output/model.tar.gz",
  championVariant: "blue",
  championSince: Date.parse("2026-01-01T00:00:00Z"),
  capturedIn: "s3://housing-dev-bucket/data-capture",
};

/** The variables of an execution with an input, until it looks for what was captured, and the state that follows. */
async function begun(input: unknown, champion: object = serving) {
  const states = context(input);
  const variables: Record<string, unknown> = {};
  let next = "ReadMonitorInput";
  while (["ReadMonitorInput", "CheckMonitorInput", "CheckWindow", "PinCode", "ModelServes"].includes(next)) {
    if (next === "PinCode") {
      Object.assign(variables, champion);
      next = "ModelServes";
      continue;
    }
    let rule = States[next];
    if (rule.Type === "Choice") {
      for (rule of (rule as ChoiceState).Choices) {
        if (await evaluate(rule.Condition, states, variables)) break;
      }
    }
    Object.assign(variables, await assigned(rule.Assign ?? {}, states, variables));
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
  it("is by default the day that ended a while ago, with a folder more where its files may be", async () => {
    const { next, variables } = await begun({});
    expect(next).toBe("FindCaptured");
    expect(variables).toMatchObject({
      windowStart: Date.parse("2026-01-30T12:05:00Z"),
      windowEnd: Date.parse("2026-01-31T12:05:00Z"),
      endpointName: "housing-dev",
    });
    expect(variables.captured).toEqual([
      { name: "capture-0", folder: "capture/0", prefix: "data-capture/housing-dev/blue/2026/01/30/" },
      { name: "capture-1", folder: "capture/1", prefix: "data-capture/housing-dev/blue/2026/01/31/" },
    ]);
  });

  it.each([
    ["2026-01-31T10:30:00Z", "2026-01-31T11:00:00Z", ["31/09", "31/10", "31/11"]],
    ["2026-01-31T23:30:00Z", "2026-02-01T00:30:00Z", ["01/31/22", "01/31/23", "02/01/00", "02/01/01"]],
    ["2026-01-31T10:30:00Z", "2026-01-31T13:30:00Z", ["31/09", "31/10", "31/11", "31/12", "31/13", "31/14"]],
    ["2026-01-28T00:00:00Z", "2026-01-29T00:00:00Z", ["01/27", "01/28", "01/29"]],
    ["2026-01-26T13:00:00Z", "2026-01-31T11:00:00Z", ["26", "27", "28", "29", "30", "31"]],
  ])("from %s to %s has the folders %j", async (WindowStart, WindowEnd, folders) => {
    const { variables } = await begun({ WindowStart, WindowEnd });
    const prefixes = (variables.captured as { prefix: string }[]).map(({ prefix }) => prefix);
    expect(prefixes).toEqual(folders.map((folder) => expect.stringMatching(`/${folder}/$`)));
    expect(prefixes.length).toBeLessThanOrEqual(6);
  });

  it("begins with the model in service, if that is younger", async () => {
    const { variables } = await begun({}, { ...serving, championSince: Date.parse("2026-01-31T09:00:00Z") });
    expect(variables.windowStart).toBe(Date.parse("2026-01-31T09:00:00Z"));
  });

  it.each([
    [
      { WindowStart: "yesterday" },
      "WindowStart must be a time in UTC such as 2026-01-31T12:00:00Z, got yesterday",
    ],
    [{ WindowEnd: 5 }, "WindowEnd must be a time in UTC such as 2026-01-31T12:00:00Z, got 5"],
    [{ WindowEnd: "2026-13-01T00:00:00Z" }, "got 2026-13-01"],
    [{ WindowEnd: "2026-02-31T00:00:00Z" }, "got 2026-02-31"],
    [{ WindowEnd: "2026-02-01T00:00Z" }, "got 2026-02-01T00:00Z"],
    [{ Window: 1 }, "Window is not a key of the monitor's input: it has WindowStart and WindowEnd"],
    [[], "The input must be an object"],
    [5, "The input must be an object"],
    [{ WindowStart: "2026-02-01T00:00:00Z" }, "must end after it begins, and be at most 118 hours long"],
    [{ WindowStart: "2026-01-01T00:00:00Z" }, "the window from 2026-01-01T00:00:00.000Z to 2026-01-31T12:05"],
  ])("of the input %j is refused", async (input, reason) => {
    const { next, variables } = await begun(input);
    expect(next).toBe("InvalidInput");
    expect((variables.failure as { reason: string }).reason).toContain(reason);
  });

  it.each([
    [{ championUrl: "" }, "No model is in service on the endpoint housing-dev"],
    [{ capturedIn: "" }, "does not capture its requests under s3://housing-dev-bucket/data-capture/ yet"],
    [{ capturedIn: "s3://housing-dev-bucket/other" }, "yet: release a model"],
    [
      { championSince: Date.parse("2026-01-31T12:05:00Z") },
      "The window ends before the model in service was released, at 2026-01-31T12:05:00.000Z",
    ],
  ])("has nothing to judge with %j", async (champion, reason) => {
    const { next, variables } = await begun({}, { ...serving, ...champion });
    expect(next).toBe("NothingToMonitor");
    expect((variables.failure as { reason: string }).reason).toContain(reason);
  });

  it("reads since when a model serves, as which variant, and where its requests are captured", async () => {
    const { Assign = {} } = States.ReadChampionConfig as TaskState;
    const result = {
      CreationTime: "2026-01-31T09:00:00.000Z",
      ProductionVariants: [{ ModelName: "m", VariantName: "blue" }],
    };
    const none = await assigned(Assign, { result }, {});
    expect(none).toEqual({
      championModel: "m",
      championVariant: "blue",
      championSince: Date.parse("2026-01-31T09:00:00Z"),
      capturedIn: "",
    });
    const DataCaptureConfig = { DestinationS3Uri: "s3://b/captured" };
    expect(await assigned(Assign, { result: { ...result, DataCaptureConfig } }, {})).toMatchObject({
      capturedIn: "s3://b/captured",
    });
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

it.each([
  ["{}", "verdict.json must have Verdict"],
  ['{"Verdict": "ok", "Rows": "many", "Metrics": {"A": 1}}', "verdict.json must have Verdict"],
  ['{"Verdict": "ok", "Rows": 1, "Metrics": {}}', "verdict.json must have Verdict"],
])("a verdict %s is refused", async (Body, message) => {
  const { Assign = {} } = States.ReadVerdict as TaskState;
  await expect(assigned(Assign, { result: { Body } }, {})).rejects.toMatchObject({
    message: expect.stringContaining(message),
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
