import { stateMachineArns } from "../../../workflow/arns";
import { dashboardBody } from "../../../workflow/monitoring/dashboard";
import { allAlarms, references, workflow } from "../../fixtures";

const { settings } = workflow({ endpoint: { capture: { percentage: 100 } } });
const machines = stateMachineArns(settings, references);

describe("the dashboard", () => {
  const { name, body } = dashboardBody(settings, {
    region: "eu-west-1",
    stateMachineArns: machines,
    alarmArns: ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:housing-dev-endpoint-errors"],
    functionNames: ["housing-dev-evaluate-model", "housing-dev-notify"],
    notifies: true,
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

  it("draws executions of all machines, what the monitor finds, and the endpoint's requests, latency and load", () => {
    const drawn = body.widgets.flatMap(({ properties }) => (properties.metrics ?? []) as unknown[][]);
    const ends = drawn.filter(([, metric]) => metric === "ExecutionsFailed");
    const { retrain: _, ...drawnMachines } = machines;
    expect(ends.map((line) => line[3])).toEqual(Object.values(drawnMachines));
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
        "SageMakerWorkflow/Monitor DriftedFeatures",
        "SageMakerWorkflow/Monitor Quality",
        "AWS/SageMaker InvocationModelErrors",
        "SageMakerWorkflow/Monitor Requests",
        "SageMakerWorkflow/Monitor LabelledPredictions",
        "SageMakerWorkflow/Executions VersionInService",
        "SageMakerWorkflow/Executions GateMetric",
        "SageMakerWorkflow/Executions GateRefusalsInARow",
        "AWS/Lambda Errors",
        "AWS/Lambda Throttles",
        "/aws/sagemaker/Endpoints CPUUtilization",
        "/aws/sagemaker/Endpoints MemoryUtilization",
      ]),
    );
  });

  it("draws every metric that an alarm watches", () => {
    const drawn = body.widgets.flatMap(({ properties }) => (properties.metrics ?? []) as unknown[][]);
    const names = new Set(drawn.map(([namespace, metric]) => `${namespace} ${metric}`));
    const watched = allAlarms(settings).map(({ namespace, metricName }) => `${namespace} ${metricName}`);
    // The verdict is no curve: the row of alarms has it.
    expect(watched.filter((one) => !names.has(one) && !one.endsWith("/Monitor Alarm"))).toEqual([]);
  });

  it("has no row for a monitor or for notifications that are not there", () => {
    const without = dashboardBody(workflow().settings, {
      region: "eu-west-1",
      stateMachineArns: machines,
      alarmArns: [],
      functionNames: ["housing-dev-evaluate-model"],
      notifies: false,
    });
    expect(JSON.stringify(without)).not.toMatch(/[Mm]onitor|SageMakerWorkflow/);
  });

  it("says its commands", () => {
    expect(JSON.stringify(body)).toContain("npm run rollback -- dev");
  });
});
