import { stateMachineArns } from "../../../workflow/arns";
import { dashboardBody } from "../../../workflow/monitoring/dashboard";
import { references, workflow } from "../../fixtures";

const { settings } = workflow({ endpoint: { capture: { percentage: 100 } } });
const machines = stateMachineArns(settings, references);

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
        "/aws/sagemaker/Endpoints CPUUtilization",
        "/aws/sagemaker/Endpoints MemoryUtilization",
      ]),
    );
  });

  it("has no row for a monitor that is not there", () => {
    const without = dashboardBody(workflow().settings, {
      region: "eu-west-1",
      stateMachineArns: machines,
      alarmArns: [],
    });
    expect(JSON.stringify(without)).not.toMatch(/[Mm]onitor/);
  });

  it("says its commands", () => {
    expect(JSON.stringify(body)).toContain("npm run rollback -- dev");
  });
});
