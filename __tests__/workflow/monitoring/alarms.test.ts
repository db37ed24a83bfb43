import { stateMachineArns } from "../../../workflow/arns";
import { workflowAlarms } from "../../../workflow/monitoring/alarms";
import { references, workflow } from "../../fixtures";

const { settings } = workflow({ endpoint: { capture: { percentage: 100 } } });
const machines = stateMachineArns(settings, references);

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
      expect(description).toMatch(/npm run (status|rollback|versions) -- dev$/);
      expect(description.length).toBeLessThanOrEqual(1024);
      expect(period % 60).toBe(0);
      expect(period * evaluationPeriods).toBeLessThanOrEqual(86_400);
    }
  });

  it("watch all state machines, and what the monitor finds", () => {
    const watched = alarms.flatMap(({ dimensions }) => dimensions.StateMachineArn ?? []);
    expect(new Set(watched)).toEqual(new Set(Object.values(machines)));
    expect(alarms.find(({ name }) => name === "housing-dev-monitor-verdict")).toMatchObject({
      namespace: "SageMakerWorkflow/Monitor",
      metricName: "Alarm",
      dimensions: { EndpointName: "housing-dev" },
    });
  });
});
