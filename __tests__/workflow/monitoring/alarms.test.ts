import { stateMachineArns } from "../../../workflow/arns";
import { endpointSettings } from "../../../workflow/endpoint/kinds";
import { workflowAlarms } from "../../../workflow/monitoring/alarms";
import { allAlarms, references, workflow } from "../../fixtures";

const { settings } = workflow({ endpoint: { capture: { percentage: 100 } }, cache: {} });
const machines = stateMachineArns(settings, references);
const watched = { stateMachineArns: machines, functionNames: [] };
const named = (name: string, alarms = allAlarms(settings)) =>
  alarms.find((alarm) => alarm.name === `housing-dev-${name}`);

describe("the alarms", () => {
  it("each have a name of their own, say what to do, and fit CloudWatch's limits", () => {
    const alarms = allAlarms(settings);
    expect(new Set(alarms.map(({ name }) => name)).size).toBe(alarms.length);
    for (const { name, description, period, evaluationPeriods, statistic, extendedStatistic } of alarms) {
      expect(name).toMatch(/^housing-dev-/);
      expect(description).toMatch(/npm run (status|rollback|versions|monitor) -- dev$/);
      expect(description.length).toBeLessThanOrEqual(1024);
      expect([statistic, extendedStatistic].filter((one) => one !== undefined)).toHaveLength(1);
      expect(period % 60).toBe(0);
      expect(period).toBeLessThanOrEqual(86_400);
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      expect(period * evaluationPeriods).toBeLessThanOrEqual(period < 3600 ? 86_400 : 7 * 86_400);
    }
  });

  it("watch all state machines and functions, and what the monitor finds", () => {
    const alarms = allAlarms(settings);
    const of = (dimension: string) =>
      new Set(alarms.flatMap(({ dimensions }) => dimensions[dimension] ?? []));
    const { retrain: _, ...alarmed } = machines;
    expect(of("StateMachineArn")).toEqual(new Set(Object.values(alarmed)));
    expect(of("FunctionName")).toEqual(
      new Set(
        ["notify", "webhook", "evaluate-model", "smoke-test", "results-cache", "experiment-controller"].map(
          (name) => `housing-dev-${name}`,
        ),
      ),
    );
    expect(named("monitor-verdict")).toMatchObject({
      namespace: "SageMakerWorkflow/Monitor",
      metricName: "Alarm",
      dimensions: { EndpointName: "housing-dev" },
    });
  });

  it("fire without data only where its absence is what they look for", () => {
    const treated = (how: string) =>
      allAlarms(settings)
        .filter(({ treatMissingData }) => treatMissingData === how)
        .map(({ name }) => name.slice("housing-dev-".length));
    expect(treated("breaching")).toEqual(["endpoint-no-traffic", "monitor-missing"]);
    expect(treated("ignore")).toEqual(["gate-refusals"]);
  });

  it.each([
    ["rate(15 minutes)", { period: 19 * 60, evaluationPeriods: 1 }],
    ["rate(1 hour)", { period: 75 * 60, evaluationPeriods: 1 }],
    ["rate(1 day)", { period: 3600, evaluationPeriods: 30 }],
    ["cron(0 6 ? * MON-FRI *)", { period: 3600, evaluationPeriods: 90 }],
    ["rate(7 days)", undefined],
    [undefined, undefined],
  ])("miss a monitor with the schedule %s", (monitorSchedule, expected) => {
    const alarm = named("monitor-missing", workflowAlarms(settings, { ...watched, monitorSchedule }));
    if (expected === undefined) expect(alarm).toBeUndefined();
    else expect(alarm).toMatchObject({ ...expected, metricName: "ExecutionsStarted", threshold: 1 });
  });

  it("know how long an execution may take: half of its limit, or what the environment says", () => {
    const threshold = (slowExecutionMinutes?: number) =>
      named("executions-slow", workflowAlarms(settings, { ...watched, slowExecutionMinutes }))?.threshold;
    expect(threshold()).toBe((settings.timeoutSeconds * 1000) / 2);
    expect(threshold(90)).toBe(90 * 60_000);
  });

  it.each([
    ["ml.m5.large", 180],
    ["ml.c5.9xlarge", 36 * 90],
    ["ml.c8g.medium", 90],
    ["ml.t2.medium", 180],
    ["ml.new9.metal", undefined],
  ])("know the processors of %s", (instanceType, threshold) => {
    const endpoint = {
      ...endpointSettings({ instanceType: "ml.m5.large" }),
      instanceType,
    } as typeof settings.endpoint;
    expect(named("endpoint-cpu", workflowAlarms({ ...settings, endpoint }, watched))?.threshold).toBe(
      threshold,
    );
  });

  it("ask nothing of a serverless endpoint that AWS does not measure", () => {
    const serverless = workflow({ endpoint: { kind: "serverless" } }).settings;
    const alarms = workflowAlarms(serverless, watched);
    expect(named("endpoint-cpu", alarms)).toBeUndefined();
    expect(named("endpoint-memory", alarms)?.description).toContain("endpoint.memorySizeInMB");
  });
});
