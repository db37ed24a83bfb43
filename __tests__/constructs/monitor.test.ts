import { workflowProps } from "../../configuration";
import { defineConfig } from "../../configuration/define";
import { monitorStateMachine } from "../../workflow/resources";
import { workflow } from "../fixtures";
import { inDev, named, only, resources, synth } from "../synthesized";

const endpoint = { capture: { percentage: 100 } };
const monitor = { folder: "python/scripts", entryPoint: "monitor.py" };
const schedule = { expression: "rate(6 hours)" };
const props = { ...workflowProps("dev"), endpoint, monitor };

describe("the monitor", () => {
  const { pipeline } = synth(inDev({ monitor: { schedule } }), props);

  it("is a state machine of its own, with the very states of the plain data", () => {
    const deployed = named(pipeline, "aws_sfn_state_machine", "housing-dev-monitor") as {
      definition: string;
    };
    const plain = JSON.parse(monitorStateMachine(workflow({ endpoint, monitor }))?.definition ?? "{}");
    expect(Object.keys(JSON.parse(deployed.definition).States)).toEqual(Object.keys(plain.States));
    const prefixes = resources(pipeline, "aws_iam_role").map(({ name_prefix }) => name_prefix);
    expect(prefixes).toEqual(expect.arrayContaining(["housing-dev-monitor-", "housing-dev-watch-"]));
  });

  it("runs on its schedule, with a role that may start it and nothing else", () => {
    expect(only(pipeline, "aws_scheduler_schedule")).toMatchObject({
      name: "housing-dev-monitor",
      schedule_expression: "rate(6 hours)",
      target: { arn: expect.stringMatching(/aws_sfn_state_machine\.Workflow_Monitor_\w+\.arn/) },
    });
    const policies = resources(pipeline, "aws_iam_role_policy").map(({ policy }) => String(policy));
    expect(policies).toContainEqual(
      expect.stringMatching(
        /^[^}]*"Action":\["states:StartExecution"\],"Resource":\["\$\{aws_sfn_state_machine\.Workflow_Monitor_\w+\.arn\}"\]/,
      ),
    );
  });

  it("is not deployed without captured requests, and its schedule is refused then", () => {
    const without = synth(inDev({}), { ...props, endpoint: undefined }).pipeline;
    const machines = resources(without, "aws_sfn_state_machine").map(({ name }) => name);
    expect(machines.sort()).toEqual(["housing-dev", "housing-dev-release"]);
    expect(() => synth(inDev({ monitor: { schedule } }), { ...props, endpoint: undefined })).toThrow(
      "monitor.schedule needs a monitor, and an endpoint that captures requests",
    );
  });
});

describe("an environment that asks for a monitor", () => {
  const { environment: _, ...shared } = workflowProps("dev");
  const define = (entry: object, workflow: object) =>
    defineConfig({
      environments: { dev: { region: "us-east-1", monitor: { windowInHours: 6 }, ...entry } },
      workflow: { ...shared, ...workflow },
      testRun: { executionInput: {}, instances: [[1]] },
    });

  it("overrides the window of the workflow", () => {
    const config = define({ endpoint: { kind: "instance", ...endpoint } }, { monitor, endpoint: {} });
    expect(config.workflowProps("dev").monitor).toEqual({ ...monitor, windowInHours: 6 });
  });

  it.each([
    [
      { endpoint: { kind: "instance", ...endpoint } },
      { monitor: undefined },
      "monitor needs a script: set workflow.monitor",
    ],
    [
      { endpoint: { kind: "serverless" } },
      { monitor },
      "monitor needs captured requests: set endpoint.capture",
    ],
    [
      { endpoint: { kind: "instance", ...endpoint }, monitor: { windowInHours: 121 } },
      { monitor },
      "monitor.windowInHours must be at most 118, got 121",
    ],
  ])("is refused with %j and %j", (entry, workflow, message) => {
    expect(() => define(entry, { endpoint: {}, ...workflow })).toThrow(message);
  });
});
