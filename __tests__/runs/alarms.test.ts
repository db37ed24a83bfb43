/** Every alarm of the list goes off and recovers: on what really happens where that is cheap, else on its metric. */

import {
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  type StateValue,
} from "@aws-sdk/client-cloudwatch";
import {
  DeleteFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { StartExecutionCommand, StopExecutionCommand, UpdateStateMachineCommand } from "@aws-sdk/client-sfn";
import { alarmRequest } from "../../cli/emulator/alarms";
import { createFunction } from "../../cli/emulator/resources";
import { scriptKey } from "../../source-files";
import { evaluationFunction, logGroupName } from "../../workflow/functions";
import type { Alarm } from "../../workflow/monitoring/alarm";
import { workflowSettings } from "../../workflow/props";
import { resourceTags } from "../../workflow/resources";
import { allAlarms } from "../fixtures";
import { until } from "../patience";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallMonitor, smallWorkflow } from "./small-workflow";

const props = smallWorkflow("alarmed", { ...smallMonitor, retraining: {} });
const base = "alarmed-test";
/** With every function; only what the tests need is deployed. */
const described = workflowSettings(
  { ...props, cache: {}, smokeTest: { examples: [{ instances: [[1]], low: 0, high: 100 }] } },
  scriptKey,
);
/** Short times, so that a test need not wait; the emulator shortens them further. */
const alarms = allAlarms(described, {
  monitorSchedule: "rate(5 minutes)",
  noTrafficMinutes: 5,
  slowExecutionMinutes: 0.01,
});

type Cause = (alarm: Alarm) => Promise<unknown>;
/** The suffixes of the state machines' names. */
const machines = ["", "-release", "-monitor", "-retrain"] as const;
type Machine = (typeof machines)[number];

let cloud: TestCloud;
let workflow: TestWorkflow;

/** What really happens, by the alarm's name without the workflow's. */
const real: Readonly<Record<string, Cause>> = {
  ...onEachMachine((machine) => ({
    "executions-failed": () => start(machine, { end: "fail" }),
    "executions-timed-out": () => start(machine, {}),
    "executions-aborted": async () => stop(await start(machine, {})),
  })),
  // It takes until its time limit.
  "executions-slow": () => start("", {}),
  // Nothing has to happen: no run has begun, and nobody has asked.
  "monitor-missing": async () => undefined,
  "endpoint-no-traffic": async () => undefined,
  // More than five in a short minute.
  "endpoint-errors": () => Promise.all(Array.from({ length: 8 }, ask)),
  "endpoint-5xx-errors": () => ask(),
  ...onEachFunction({ errors: fail, throttles: refuse }),
};

/** Values of metrics: what publishes them on AWS takes long, or needs a machine that is too busy for other tests. */
const published: Readonly<Record<string, Cause>> = {
  // The function that notifies counts it; notifications.test.ts lets it run.
  "gate-refusals": (alarm) => put(alarm, 3),
  // A request of more than five seconds.
  "endpoint-latency": (alarm) => put(alarm, 6e6),
  // Responses with 4xx: the container of this test has none.
  "endpoint-4xx-errors": (alarm) => put(alarm, 1),
  // Both are measured, as test_instance_metrics.py and the test below show; these outweigh what is measured meanwhile.
  "endpoint-cpu": (alarm) => put(alarm, 5000),
  "endpoint-memory": (alarm) => put(alarm, 5000),
  // The state machine puts what the script has found; monitor.test.ts lets it run.
  "monitor-verdict": (alarm) => put(alarm, 1),
  "monitor-silence": (alarm) => put(alarm, 0),
};

/** What ends an alarm that does not end by itself when nothing happens any more. */
const recovery: Readonly<Record<string, Cause>> = {
  "gate-refusals": (alarm) => put(alarm, 0),
  "monitor-missing": () => start("-monitor", { end: "fail" }),
  "endpoint-no-traffic": () => ask(),
};

const shortName = ({ name }: Alarm) => name.slice(base.length + 1);

function onEachMachine(causes: (machine: Machine) => Record<string, Cause>): Record<string, Cause> {
  return Object.fromEntries(
    machines.flatMap((machine) =>
      Object.entries(causes(machine)).map(([name, cause]) => [`${machine}-${name}`.replace(/^-/, ""), cause]),
    ),
  );
}

function onEachFunction(causes: Record<string, Cause>): Record<string, Cause> {
  const functions = alarms.flatMap(({ dimensions }) => dimensions.FunctionName ?? []);
  return Object.fromEntries(
    functions.flatMap((name) =>
      Object.entries(causes).map(([end, cause]) => [`${name.slice(base.length + 1)}-${end}`, cause]),
    ),
  );
}

async function start(machine: Machine, input: object): Promise<string> {
  const stateMachineArn = `${workflow.stateMachineArn}${machine}`;
  const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  return (await cloud.aws.sfn().send(command)).executionArn as string;
}

async function stop(executionArn: string): Promise<void> {
  await cloud.aws.sfn().send(new StopExecutionCommand({ executionArn }));
}

/** The model in service fails at every request. */
async function ask(): Promise<void> {
  const request = new InvokeEndpointCommand({ EndpointName: base, Body: "1", ContentType: "text/csv" });
  await expect(cloud.aws.runtime().send(request)).rejects.toThrow("server error (500)");
}

async function fail({ dimensions: { FunctionName } }: Alarm): Promise<void> {
  const { FunctionError } = await lambda().send(new InvokeCommand({ FunctionName }));
  expect(FunctionError).toBe("Unhandled");
}

async function refuse({ dimensions: { FunctionName } }: Alarm): Promise<void> {
  const none = { FunctionName, ReservedConcurrentExecutions: 0 };
  await lambda().send(new PutFunctionConcurrencyCommand(none));
  await expect(lambda().send(new InvokeCommand({ FunctionName }))).rejects.toThrow("Rate Exceeded");
  await lambda().send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
}

/** A client that does not call again when it is refused. */
function lambda(): LambdaClient {
  return new LambdaClient({ ...cloud.aws.connection, maxAttempts: 1 });
}

async function put({ namespace, metricName, dimensions }: Alarm, Value: number): Promise<void> {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const data = { Namespace: namespace, MetricData: [{ MetricName: metricName, Dimensions, Value }] };
  await cloud.aws.cloudwatch().send(new PutMetricDataCommand(data));
}

/** The states of the alarms, by their short names. */
async function states(): Promise<Map<string, StateValue | undefined>> {
  const { MetricAlarms = [] } = await cloud.aws
    .cloudwatch()
    .send(new DescribeAlarmsCommand({ AlarmNamePrefix: base, MaxRecords: 100 }));
  return new Map(
    MetricAlarms.map(({ AlarmName = "", StateValue }) => [AlarmName.slice(base.length + 1), StateValue]),
  );
}

/** Lets things happen until all of the alarms have been in a state; returns those that have not. */
async function reach(
  wanted: StateValue,
  among: readonly Alarm[],
  cause: (alarm: Alarm) => Cause | undefined,
) {
  const waiting = new Map(among.map((alarm) => [shortName(alarm), alarm]));
  await until(
    async () => {
      for (const [name, state] of await states()) if (state === wanted) waiting.delete(name);
      await Promise.all([...waiting.values()].map((alarm) => cause(alarm)?.(alarm)));
      return waiting.size === 0;
    },
    () => [...waiting.keys()],
  );
}

/** Functions that fail without a proper event; one is deployed. */
async function createFunctions(): Promise<void> {
  const account = "123456789012";
  const place = { partition: "aws", region: "us-east-1", account, bucketName: workflow.bucketName };
  const deployed = evaluationFunction(props, place);
  const names = new Set(alarms.flatMap(({ dimensions }) => dimensions.FunctionName ?? []));
  names.delete(deployed.name);
  for (const name of names)
    await createFunction(
      cloud.aws,
      { ...deployed, name, logGroupName: logGroupName(name) },
      account,
      resourceTags(props),
    );
}

/** Replaces the machines' definitions: an execution fails at once, or runs until its time limit. */
async function simplifyMachines(): Promise<void> {
  const definition = JSON.stringify({
    QueryLanguage: "JSONata",
    TimeoutSeconds: 1,
    StartAt: "End",
    States: {
      End: {
        Type: "Choice",
        Choices: [{ Condition: "{% $exists($states.input.end) %}", Next: "Failed" }],
        Default: "Running",
      },
      Failed: { Type: "Fail", Error: "Told" },
      Running: { Type: "Wait", Seconds: 3600, End: true },
    },
  });
  for (const machine of machines) {
    const stateMachineArn = `${workflow.stateMachineArn}${machine}`;
    await cloud.aws.sfn().send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
  }
}

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
  const { aws } = cloud;
  await createFunctions();
  // A model that fails at every request, behind a real endpoint.
  expect(failureOf(await workflow.run({ HyperParameters: { behave: "failing" } }))).toEqual(succeeded);
  await simplifyMachines();
  for (const alarm of alarms) await aws.cloudwatch().send(new PutMetricAlarmCommand(alarmRequest(alarm)));
});

afterAll(() => cloud?.stop());

it("has a way to set off each alarm, in one of two tables", () => {
  const names = [...Object.keys(real), ...Object.keys(published)];
  expect(names.sort()).toEqual(alarms.map(shortName).sort());
});

it("each goes off, and recovers when what set it off has ended", async () => {
  const causes = { ...real, ...published };

  // Without data, those that look for it go off, and only those.
  const silent = alarms.filter(({ treatMissingData }) => treatMissingData === "breaching");
  await reach("ALARM", silent, () => undefined);
  const others = alarms.filter((alarm) => !silent.includes(alarm));
  // The run that made the endpoint was slow for these alarms.
  await until(async () => {
    const now = await states();
    return others.every((alarm) => now.get(shortName(alarm)) !== "ALARM");
  }, states);

  // Calls of a function are refused after others have failed: not both at once.
  const isRefusal = ({ metricName }: Alarm) => metricName === "Throttles";
  const isOther = (alarm: Alarm) => !isRefusal(alarm);
  for (const part of [others.filter(isOther), others.filter(isRefusal)]) {
    await reach("ALARM", part, (alarm) => causes[shortName(alarm)]);
  }

  const byThemselves = others.filter((alarm) => recovery[shortName(alarm)] === undefined);
  await reach("OK", byThemselves, () => undefined);
  // Until the gate decides again.
  expect((await states()).get("gate-refusals")).toBe("ALARM");
  const ended = alarms.filter((alarm) => !byThemselves.includes(alarm));
  await reach("OK", ended, (alarm) => recovery[shortName(alarm)]);
});

it("have measured metrics of a real endpoint", async () => {
  const load = alarms.filter(({ namespace }) => namespace === "/aws/sagemaker/Endpoints");
  expect(load.map(({ metricName }) => metricName)).toEqual(["CPUUtilization", "MemoryUtilization"]);
  for (const { namespace, metricName, dimensions } of load) {
    const query = {
      Namespace: namespace,
      MetricName: metricName,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Period: 3600,
      Statistics: ["Minimum" as const],
    };
    const found = await until(async () => {
      const now = Date.now();
      const window = { StartTime: new Date(now - 3_600_000), EndTime: new Date(now + 3_600_000) };
      const { Datapoints = [] } = await cloud.aws
        .cloudwatch()
        .send(new GetMetricStatisticsCommand({ ...query, ...window }));
      return Datapoints[0];
    });
    // What the tests put above is more.
    expect(found.Minimum).toBeGreaterThanOrEqual(0);
    expect(found.Minimum).toBeLessThan(95);
  }
});
