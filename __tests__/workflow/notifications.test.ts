import { readFileSync } from "node:fs";
import { workflowAlarms } from "../../workflow/alarms";
import { stateMachineArns } from "../../workflow/arns";
import { dashboardBody } from "../../workflow/dashboard";
import { failures } from "../../workflow/failures";
import { notifyFunction } from "../../workflow/notifications";
import { references, workflow } from "../fixtures";

const { settings } = workflow();
const machines = stateMachineArns(settings, references);

describe("the function that tells of executions", () => {
  const { variables = {} } = notifyFunction(settings, {
    ...references,
    topicArn: "arn:aws:sns:us-east-1:123456789012:housing-dev-notifications",
    topicKeyArn: "arn:aws:kms:us-east-1:123456789012:key/1",
  });

  it("is given the meaning of every failure, within what Lambda allows", () => {
    expect(JSON.parse(variables.FAILURES ?? "")).toEqual(failures);
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    expect(JSON.stringify(variables).length).toBeLessThan(4096);
  });

  it("knows only failures that there are", () => {
    const source = readFileSync("lambda-src/notify/outcomes.py", "utf8");
    const known = [...source.matchAll(/^[A-Z_]+ = "(\w+)"$/gm)].map(([, name]) => name);
    expect(known).toHaveLength(3);
    for (const name of known) expect(Object.keys(failures)).toContain(name);
  });
});

describe("the alarms", () => {
  const alarms = workflowAlarms(settings, {
    stateMachineArns: machines,
    functionNames: ["housing-dev-notify"],
    noTrafficMinutes: 60,
  });

  it("each have a name of their own, say what to do, and fit CloudWatch's limits", () => {
    expect(new Set(alarms.map(({ name }) => name)).size).toBe(alarms.length);
    for (const { name, description, period, evaluationPeriods } of alarms) {
      expect(name).toMatch(/^housing-dev-/);
      expect(description).toMatch(/npm run (status|rollback) -- dev$/);
      expect(description.length).toBeLessThanOrEqual(1024);
      expect(period % 60).toBe(0);
      expect(period * evaluationPeriods).toBeLessThanOrEqual(86_400);
    }
  });

  it("watch both state machines", () => {
    const watched = alarms.flatMap(({ dimensions }) => dimensions.StateMachineArn ?? []);
    expect(new Set(watched)).toEqual(new Set(Object.values(machines)));
  });
});

describe("the dashboard", () => {
  const { name, body } = dashboardBody(settings, {
    region: "eu-west-1",
    stateMachineArns: machines,
    alarmArns: ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:housing-dev-endpoint-errors"],
  });

  it("is called like the workflow, and has every widget in its place, none over another", () => {
    expect(name).toBe("housing-dev");
    for (const [index, one] of body.widgets.entries()) {
      expect(one.x + one.width).toBeLessThanOrEqual(24);
      for (const other of body.widgets.slice(index + 1)) {
        const beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
        const below = one.y + one.height <= other.y || other.y + other.height <= one.y;
        expect(beside || below).toBe(true);
      }
    }
  });

  it("draws executions of both machines, and the endpoint's requests, latency and load", () => {
    const drawn = body.widgets.flatMap(({ properties }) => (properties.metrics ?? []) as unknown[][]);
    const ends = drawn.filter(([, metric]) => metric === "ExecutionsFailed");
    expect(ends.map((line) => line[3])).toEqual(Object.values(machines));
    expect(drawn).toContainEqual([
      "AWS/SageMaker",
      "ModelLatency",
      "EndpointName",
      "housing-dev",
      "VariantName",
      "primary",
      { label: "p99", stat: "p99" },
    ]);
    expect(drawn.map(([namespace, metric]) => `${namespace} ${metric}`)).toEqual(
      expect.arrayContaining([
        "AWS/States ExecutionTime",
        "AWS/SageMaker Invocations",
        "AWS/SageMaker InvocationModelErrors",
        "/aws/sagemaker/Endpoints CPUUtilization",
        "/aws/sagemaker/Endpoints MemoryUtilization",
      ]),
    );
  });

  it("says its commands", () => {
    expect(JSON.stringify(body)).toContain("npm run rollback -- dev");
  });
});
