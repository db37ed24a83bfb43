import { readFileSync } from "node:fs";
import { estimateStack } from "../../../cli/costs/synthesized-stack";
import { estimateText } from "../../../cli/costs/text";
import { transitionsPerRun } from "../../../cli/costs/transitions";
import { parseDefinition } from "../../../cli/terraform/definition-json";
import { monitorDefinition, workflowDefinition } from "../../../workflow/definition";
import { monitorMetrics } from "../../../workflow/monitoring/monitor";
import { monitorSettingsOf, workflow } from "../../fixtures";

const watched = workflow({ endpoint: { instanceType: "ml.m5.large", capture: { percentage: 50 } } });
const definitions = {
  workflow: JSON.stringify(workflowDefinition(watched).definition),
  monitor: JSON.stringify(monitorDefinition(watched, monitorSettingsOf(watched)).definition),
};

function stack(expression?: string) {
  return {
    resource: {
      aws_sfn_state_machine: {
        W: { name: "housing-dev", definition: definitions.workflow },
        M: { name: "housing-dev-monitor", definition: definitions.monitor },
      },
      ...(expression !== undefined && {
        aws_scheduler_schedule: {
          W: { name: "housing-dev", schedule_expression: "rate(1 minute)" },
          M: { name: "housing-dev-monitor", schedule_expression: expression },
        },
      }),
      aws_cloudwatch_metric_alarm: {
        A: { alarm_name: "housing-dev-executions-failed" },
        B: { alarm_name: "housing-dev-monitor-verdict" },
        C: { alarm_name: "housing-dev-monitor-executions-failed" },
      },
      aws_s3_bucket_lifecycle_configuration: {
        L: { rule: [{ id: "captured-requests", expiration: [{ days: 30 }] }] },
      },
    },
  };
}

describe("the cost of a monitor", () => {
  it("at hourly runs is that of its jobs, its transitions, its metrics, its alarms, and what is captured", () => {
    const found = estimateStack("dev-pipeline", stack("rate(1 hour)"), "us-east-1", {
      processingMinutes: 4,
      requestsPerMonth: 1_000_000,
    });
    const transitions = transitionsPerRun(parseDefinition(definitions.monitor), {
      minutes: 4,
      intervalSeconds: 30,
    });
    expect(transitions).toBeGreaterThan(10);
    const costs = Object.fromEntries(found.monitor.map(({ what, usd }) => [what, usd]));
    expect(costs).toEqual({
      "730 × JudgeTraffic, 1 × ml.m5.large × 4 min": expect.closeTo((730 * 0.115 * 4) / 60),
      "state transitions": expect.closeTo(730 * transitions * 0.000025),
      "12 × custom metric": expect.closeTo(12 * 0.3),
      // One file a minute; each is in 24 windows.
      "captured files, read": expect.closeTo(43_800 * 24 * 0.0000004),
      "captured files, written": expect.closeTo(43_800 * 0.000005),
      "captured files, stored": expect.closeTo((0.25 * 30 * 24 * 0.023) / 730),
      "2 × alarm": expect.closeTo(0.2),
    });
    expect(found.idle.map(({ what }) => what)).toContain("1 × alarm");
    const perMonth = Object.values(costs).reduce<number>((total, usd) => total + (usd ?? 0), 0);
    expect(found.monitorPerMonth).toBeCloseTo(perMonth);
    expect(found.perMonth).toBeCloseTo(found.idlePerMonth + 4 * found.perRun + perMonth);
    expect(estimateText(found)).toMatch(/the monitor, a month +≈ \$1\d\.\d\d\n/);
  });

  it("of a metric is that of the hours with a run", () => {
    const found = estimateStack("dev-pipeline", stack("rate(1 day)"), "us-east-1", {});
    const metrics = found.monitor.find(({ what }) => what === "12 × custom metric");
    expect(metrics?.usd).toBeCloseTo((12 * 0.3) / 24);
  });

  it("is that of the assumed runs, whatever the schedule says", () => {
    const found = estimateStack("dev-pipeline", stack("rate(1 day)"), "us-east-1", {
      monitorRunsPerMonth: 2,
      windowInHours: 48,
    });
    expect(found.monitor[0]?.what).toMatch(/^2 × JudgeTraffic/);
    const read = found.monitor.find(({ what }) => what === "captured files, read");
    expect(read?.quantity).toBe(Math.round((43_800 * 2 * 48) / 730));
  });

  it("without a schedule is that of what is captured", () => {
    const found = estimateStack("dev-pipeline", stack(), "us-east-1", {});
    expect(found.monitor.map(({ what }) => what)).toEqual([
      "captured files, written",
      "captured files, stored",
      "2 × alarm",
    ]);
  });
});

it("counts the metrics that the script puts", () => {
  const script = readFileSync("python/scripts/monitor_verdict.py", "utf8");
  const body = /def flat_metrics.*?\n\n\n/s.exec(script)?.[0] ?? "";
  const names = [...body.matchAll(/(?:found\[|^ {8})"(\w+)"(?:\]|:)/gm)].map(([, name]) => name);
  expect(new Set(names)).toEqual(new Set(monitorMetrics));
});
