import { workflowProps } from "../../configuration";
import { defineConfig } from "../../configuration/define";
import { retrainStateMachine } from "../../workflow/resources";
import { workflow } from "../fixtures";
import { inDev, named, only, resources, synth } from "../synthesized";

describe("decisions on retrainings", () => {
  it("are a state machine of their own, with the very states of the plain data and a role of its own", () => {
    const { pipeline } = synth(inDev({}), { ...workflowProps("dev"), retraining: {} });
    const deployed = named(pipeline, "aws_sfn_state_machine", "housing-dev-retrain") as {
      definition: string;
    };
    const plain = JSON.parse(retrainStateMachine(workflow({ retraining: {} }))?.definition ?? "{}");
    expect(Object.keys(JSON.parse(deployed.definition).States)).toEqual(Object.keys(plain.States));
    expect(resources(pipeline, "aws_iam_role").map(({ name_prefix }) => name_prefix)).toContain(
      "housing-dev-retrain-",
    );
  });

  it("are asked on a schedule, with its reason", () => {
    const schedule = { expression: "rate(7 days)" };
    const { pipeline } = synth(inDev({ retraining: { schedule } }), {
      ...workflowProps("dev"),
      retraining: {},
    });
    expect(only(pipeline, "aws_scheduler_schedule")).toMatchObject({
      name: "housing-dev-retrain",
      schedule_expression: "rate(7 days)",
      target: {
        arn: expect.stringMatching(/aws_sfn_state_machine\.Workflow_Retrain_\w+\.arn/),
        input: JSON.stringify({ Reason: { Kind: "schedule", Why: "rate(7 days) in UTC" } }),
      },
    });
  });

  it("are deployed only if they are asked for", () => {
    const { pipeline } = synth(inDev({}));
    const machines = resources(pipeline, "aws_sfn_state_machine").map(({ name }) => name);
    expect(machines).not.toContain("housing-dev-retrain");
  });
});

describe("an environment with retraining", () => {
  const { environment: _, ...shared } = workflowProps("dev");
  const define = (retraining: object | undefined, workflowRetraining?: object) =>
    defineConfig({
      environments: { dev: { region: "us-east-1", retraining } },
      workflow: { ...shared, retraining: workflowRetraining },
      testRun: { executionInput: {}, instances: [[1]] },
    }).workflowProps("dev").retraining;

  it("overrides the workflow's keys one by one", () => {
    expect(define({ mostPerDay: 1 }, { mostPerDay: 4, coolDownInHours: 2 })).toEqual({
      mostPerDay: 1,
      coolDownInHours: 2,
    });
    expect(define(undefined, { mostPerDay: 4 })).toEqual({ mostPerDay: 4 });
    expect(define({})).toEqual({});
    expect(define(undefined)).toBeUndefined();
  });

  it.each([
    [{ coolDownInHours: -1 }, "retraining.coolDownInHours must be a number of hours, 0 for none, got -1"],
    [{ mostPerDay: 0 }, "retraining.mostPerDay must be a whole number from 1 to 50, got 0"],
    [{ refusalsInARow: 51 }, "retraining.refusalsInARow must be a whole number from 1 to 50, got 51"],
    [{ coolDown: 1 }, "coolDown"],
  ])("is refused with %j", (retraining, message) => {
    expect(() => define(retraining)).toThrow(message);
  });

  it("has one schedule, and a monitor where that asks", () => {
    const schedule = { expression: "rate(7 days)" };
    const environments = { dev: { region: "us-east-1", schedule, retraining: { schedule } } };
    const testRun = { executionInput: {}, instances: [[1]] };
    expect(() => defineConfig({ environments, workflow: shared, testRun })).toThrow(
      "would start the workflow beside schedule, which asks nobody: keep one of them",
    );
    expect(() => define({ on: ["drift"] })).toThrow(
      "retraining.on needs captured requests: set endpoint.capture",
    );
    expect(define({ schedule })).toEqual({});
  });
});
