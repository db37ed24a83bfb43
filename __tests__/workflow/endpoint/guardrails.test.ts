import type { JsonObject } from "../../../workflow/asl/jsonata";
import type { TaskState } from "../../../workflow/asl/states";
import { releaseDefinition } from "../../../workflow/definition";
import { deploymentConfig, hasGuardrails } from "../../../workflow/endpoint/guardrails";
import type { EndpointProps, UpdateSettings } from "../../../workflow/endpoint/kinds";
import { guardrailAlarms } from "../../../workflow/monitoring/endpoint-alarms";
import { workflow } from "../../fixtures";

const autoscaling = { minInstances: 2, maxInstances: 4, invocationsPerInstance: 600 };
const scaled = { instanceType: "ml.m5.large", autoscaling };

describe("guardrails", () => {
  it.each<[string, EndpointProps, boolean]>([
    ["one instance", {}, false],
    ["two instances", { initialInstanceCount: 2 }, true],
    ["at least two by scaling", scaled, true],
    [
      "one by scaling in",
      { ...scaled, initialInstanceCount: 2, autoscaling: { ...autoscaling, minInstances: 1 } },
      false,
    ],
    ["no instance at all", { kind: "serverless" }, false],
  ])("for %s: %#", (_, props, expected) => {
    const made = workflow({ endpoint: props });
    expect(hasGuardrails(made.settings)).toBe(expected);
    expect("DeploymentConfig" in deploymentConfig(made)).toBe(expected);
  });

  it("name the log of the endpoint that they watch", () => {
    const [alarm] = guardrailAlarms(workflow({ prefix: "p", environment: "e" }).settings);
    expect(alarm?.description).toMatch(/\/aws\/sagemaker\/Endpoints\/p-e\./);
  });
});

describe("an update", () => {
  const policy = (update: Partial<UpdateSettings>) => {
    const { States } = releaseDefinition(
      workflow({ endpoint: { initialInstanceCount: 4, update } }),
    ).definition;
    const { Arguments } = States.UpdateEndpoint as TaskState;
    return (Arguments.DeploymentConfig as JsonObject).BlueGreenUpdatePolicy;
  };

  it("is moved in by a canary of one instance, unless it says otherwise", () => {
    expect(policy({})).toEqual({
      TrafficRoutingConfiguration: {
        Type: "CANARY",
        CanarySize: { Type: "INSTANCE_COUNT", Value: 1 },
        WaitIntervalInSeconds: 300,
      },
      TerminationWaitInSeconds: 120,
      MaximumExecutionTimeoutInSeconds: 3000,
    });
  });

  it("is moved in a quarter at a time, if asked to, with time for all waits", () => {
    expect(policy({ shift: "linear", waitSeconds: 600, terminationSeconds: 600 })).toEqual({
      TrafficRoutingConfiguration: {
        Type: "LINEAR",
        LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 25 },
        WaitIntervalInSeconds: 600,
      },
      TerminationWaitInSeconds: 600,
      MaximumExecutionTimeoutInSeconds: 3600,
    });
  });

  it.each([
    [{ waitSeconds: -1 }, "endpoint.update.waitSeconds must be a whole number of seconds, 0 or more, got -1"],
    [
      { shift: "linear" as const, waitSeconds: 800 },
      "The waits of endpoint.update must be at most 3000 s in total, got 3320 s",
    ],
    [{ shift: "slow" as never }, 'endpoint.update.shift must be "canary" or "linear", got "slow"'],
  ])("%j is refused", (update, told) => {
    expect(() => policy(update)).toThrow(told);
  });
});
