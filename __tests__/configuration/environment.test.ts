import { environments, workflowProps } from "../../configuration";
import { inEnvironment } from "../../configuration/define";
import type { StateMachineDefinition } from "../../workflow/asl/states";
import type { EndpointProps } from "../../workflow/endpoint/kinds";
import { inDev, named, synth } from "../synthesized";

const notifications = { emails: ["a@example.com"] };

describe("parseEnvironments", () => {
  it.each([
    [{ region: "mars" }, "must be an AWS region"],
    [{ account: "12" }, "must be 12 digits"],
    [{ assumeRoleArn: "deployer" }, "must be a role's ARN"],
    [{ permissionsBoundaryArn: "limits" }, "must be a policy's ARN"],
    [{ schedule: { expression: "every day" } }, "must be rate(…) or cron(…)"],
    [{ notifications: { emails: ["nobody"] } }, "environments.dev.notifications.emails[0]"],
    [{ notifications: { webhook: { format: "irc", parameter: "/a" } } }, "notifications.webhook.format"],
    [
      { notifications: { webhook: { format: "slack", parameter: "https://hooks.slack.com/services/T0" } } },
      "must be the name of an SSM parameter such as /housing/prod/webhook; the URL itself is a secret",
    ],
    [{ alarms: { noTrafficMinutes: 60 } }, "the alarm would notify no one"],
    [{ alarms: { slowExecutionMinutes: 60 } }, "environments.dev.alarms.slowExecutionMinutes"],
    [{ alarms: { noTrafficMinutes: 1441 }, notifications }, "environments.dev.alarms.noTrafficMinutes"],
    [{ vpc: { subnetIds: [], securityGroupIds: ["sg-1"] } }, "environments.dev.vpc.subnetIds"],
    [{ sizes: { training: { instanceType: "m5.large" } } }, "SageMaker instance type such as ml.m5.large"],
    [{ sizes: { training: { instanceType: "ml.m5.larg" } } }, "SageMaker instance type such as ml.m5.large"],
    [
      { sizes: { training: { instanceType: "ml.m5.3xlarge" } } },
      "must be a size that ml.m5 has (large, xlarge, 2xlarge, 4xlarge, 12xlarge, 24xlarge), got ml.m5.3xlarge",
    ],
    [
      { sizes: { training: { instanceType: "ml.t2.medium" } } },
      "must be an instance type for jobs, but ml.t2 is not, got ml.t2.medium",
    ],
    [{ endpoint: { instanceType: "ml.m5.3xlarge" } }, "environments.dev.endpoint.instanceType"],
    [{ sizes: { trainig: {} } }, "trainig"],
    [{ sizes: { training: { spot: true } } }, "must be false, or { maxWaitInSeconds }"],
    [{ sizes: { training: { spot: { maxWait: 1 } } } }, 'got {"maxWait":1}'],
    [{ endpoint: { kind: "server" } }, "environments.dev.endpoint.kind"],
    [{ endpoint: { kind: "serverless", instanceType: "ml.m5.large" } }, "instanceType"],
    [{ endpoint: { kind: "serverless", memorySizeInMB: 2000 } }, "must be one of 1024, 2048, 3072"],
    [{ endpoint: { kind: "serverless", maxConcurrency: 201 } }, "environments.dev.endpoint.maxConcurrency"],
    [{ endpoint: { memorySizeInMB: 2048 } }, "memorySizeInMB"],
    [
      { endpoint: { kind: "serverless", capture: { percentage: 100 } } },
      'AWS captures no requests of a serverless endpoint: omit it, or set endpoint.kind to "instance"\n  → at environments.dev.endpoint.capture',
    ],
    [{ endpoint: { capture: { percentage: "20" } } }, "environments.dev.endpoint.capture.percentage"],
    [
      { endpoint: { autoscaling: { minInstances: 1 } } },
      "environments.dev.endpoint.autoscaling.maxInstances",
    ],
    [{ retention: { logsInDays: 0 } }, "environments.dev.retention.logsInDays"],
    [{ regoin: "x" }, "regoin"],
    [{ monitor: { schedule: { expression: "daily" } } }, "environments.dev.monitor.schedule.expression"],
    [{ monitor: { windowInHours: 0 } }, "environments.dev.monitor.windowInHours"],
  ])("fails for %j, with the place and the reason", (entry, message) => {
    expect(() => inDev(entry)).toThrow(message);
  });

  it("lists every wrong value at once", () => {
    expect(() => inDev({ region: "mars", account: "12" })).toThrow(
      /must be an AWS region[\s\S]*environments\.dev\.region[\s\S]*must be 12 digits/,
    );
  });

  it("has the emulator among the project's own environments", () => {
    expect(environments.local).toMatchObject({ region: "us-east-1", account: "123456789012" });
  });
});

describe("an environment's entry", () => {
  it("switches off spot instances that the workflow has", () => {
    const { training, ...more } = workflowProps("dev");
    const props = { ...more, training: { ...training, spot: { maxWaitInSeconds: 7200 } } };
    const spotIn = (sizes: object) => inEnvironment(props, inDev({ sizes })).training.spot;
    expect([spotIn({}), spotIn({ training: { spot: false } })]).toEqual([{ maxWaitInSeconds: 7200 }, false]);
  });

  it("decides the sizes, the gate, the network and the tags of the workflow", () => {
    const vpc = { subnetIds: ["subnet-1", "subnet-2"], securityGroupIds: ["sg-1"] };
    const entry = inDev({
      sizes: {
        processing: { instanceType: "ml.m5.xlarge" },
        training: { instanceCount: 2, volumeSizeInGB: 100, maxRuntimeInSeconds: 7200 },
      },
      endpoint: { kind: "instance", instanceType: "ml.c5.large", initialInstanceCount: 3 },
      gate: { threshold: 0.9 },
      vpc,
      tags: { team: "ml" },
    });
    const { pipeline } = synth(entry, inEnvironment(workflowProps("dev"), entry));
    const { definition } = named(pipeline, "aws_sfn_state_machine", "housing-dev") as { definition: string };
    const { States } = JSON.parse(definition) as StateMachineDefinition;
    const VpcConfig = { Subnets: ["subnet-1", "subnet-2"], SecurityGroupIds: ["sg-1"] };
    const Tags = expect.arrayContaining([{ Key: "team", Value: "ml" }]);
    expect(States).toMatchObject({
      DataPreprocessing: {
        Arguments: {
          ProcessingResources: { ClusterConfig: { InstanceType: "ml.m5.xlarge", InstanceCount: 1 } },
          NetworkConfig: { VpcConfig },
          Tags,
        },
      },
      ModelTraining: {
        Arguments: {
          ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 2, VolumeSizeInGB: 100 },
          StoppingCondition: { MaxRuntimeInSeconds: 7200 },
          VpcConfig,
          Tags,
        },
      },
      CreateModel: { Arguments: { VpcConfig, Tags } },
      CreateEndpointConfig: {
        Arguments: { ProductionVariants: [{ InstanceType: "ml.c5.large", InitialInstanceCount: 3 }] },
      },
    });
    expect(definition).toContain("$exists($states.context.Execution.Input.Threshold)");
    expect(definition).toMatch(/Input\.Threshold : 0\.9 %\}/);
    expect(pipeline.provider?.aws).toEqual([
      expect.objectContaining({ default_tags: [{ tags: expect.objectContaining({ team: "ml" }) }] }),
    ]);
  });

  it("has no network settings in the requests without a VPC", () => {
    expect(JSON.stringify(synth().pipeline)).not.toMatch(/VpcConfig|NetworkConfig/);
  });

  it("lays its endpoint over the workflow's, or in its place where that is of another kind", () => {
    const endpoint = (base: EndpointProps | undefined, over?: object) =>
      inEnvironment({ ...workflowProps("dev"), endpoint: base }, inDev({ endpoint: over })).endpoint;
    const large = { instanceType: "ml.m5.large" };
    expect(endpoint(large, { initialInstanceCount: 2 })).toEqual({ ...large, initialInstanceCount: 2 });
    expect(endpoint(large, { kind: "serverless" })).toEqual({ kind: "serverless" });
    expect(endpoint({ kind: "serverless", maxConcurrency: 9 }, { initialInstanceCount: 2 })).toEqual({
      initialInstanceCount: 2,
    });
    expect(endpoint(large)).toEqual(large);
  });
});

describe("two environments in one account", () => {
  /** Every name that a stack gives, and the starts of those that AWS completes. */
  function names(environment: string): string[] {
    const webhook = { format: "slack", parameter: "/webhook" };
    const entry = inDev({
      notifications: { ...notifications, webhook },
      schedule: { expression: "rate(1 day)" },
    });
    const { pipeline } = synth(entry, { ...workflowProps("dev"), environment });
    const keys = ["name", "name_prefix", "bucket_prefix", "function_name", "alarm_name", "dashboard_name"];
    return (
      Object.entries(pipeline.resource ?? {})
        // They belong to their role or function.
        .filter(([type]) => !["aws_iam_role_policy", "aws_lambda_permission"].includes(type))
        .flatMap(([, all]) => Object.values(all))
        .flatMap((resource) => keys.flatMap((key) => (key in resource ? [String(resource[key])] : [])))
    );
  }

  it("share no name", () => {
    const [one, two] = [names("dev"), names("devtwo")];
    expect(one.length).toBeGreaterThan(10);
    for (const name of one) {
      const taken = (other: string) => other === name || (name.endsWith("-") && other.startsWith(name));
      expect(two.filter(taken)).toEqual([]);
    }
  });
});

describe("what an environment leaves open", () => {
  const props = { ...workflowProps("dev"), approval: "manual" as const, retainedReleases: 10 };
  const inEnv = (more: object) => {
    return inEnvironment(props, inDev(more));
  };

  it("is what the workflow's props say", () => {
    expect(inEnv({})).toMatchObject({ approval: "manual", retainedReleases: 10 });
  });

  it("gives way where the environment says it", () => {
    const said = inEnv({ approval: "automatic", retention: { releases: 3 } });
    expect(said).toMatchObject({ approval: "automatic", retainedReleases: 3 });
  });

  it("keeps each part of how an update is moved in", () => {
    const update = { waitSeconds: 900, terminationSeconds: 600 };
    const dev = inDev({ endpoint: { update: { shift: "linear" } } });
    const { endpoint } = inEnvironment({ ...props, endpoint: { update } }, dev);
    expect(endpoint).toMatchObject({ update: { ...update, shift: "linear" } });
  });
});
