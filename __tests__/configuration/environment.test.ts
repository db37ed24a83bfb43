import { environments, workflowProps } from "../../configuration";
import { inEnvironment, parseEnvironments } from "../../configuration/define";
import type { StateMachineDefinition } from "../../workflow/asl/states";
import type { EndpointProps } from "../../workflow/endpoint/kinds";
import { type dev, named, only, type Synthesized, synth } from "../synthesized";

const notifications = { emails: ["a@example.com"] };
const boundary = "arn:aws:iam::123456789012:policy/limits";

function inDev(entry: object) {
  return parseEnvironments({ dev: { region: "eu-west-1", ...entry } }).dev as typeof dev;
}

function resources(stack: Synthesized, type: string) {
  return Object.values(stack.resource?.[type] ?? {});
}

describe("parseEnvironments", () => {
  it.each([
    [{ region: "mars" }, "must be a region"],
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
    [{ alarms: { noTrafficMinutes: 60 } }, "nobody would hear the alarm"],
    [{ alarms: { noTrafficMinutes: 1441 }, notifications }, "environments.dev.alarms.noTrafficMinutes"],
    [{ vpc: { subnetIds: [], securityGroupIds: ["sg-1"] } }, "environments.dev.vpc.subnetIds"],
    [{ sizes: { training: { instanceType: "m5.large" } } }, "SageMaker instance type such as ml.m5.large"],
    [{ sizes: { training: { instanceType: "ml.m5.larg" } } }, "SageMaker instance type such as ml.m5.large"],
    [{ sizes: { trainig: {} } }, "trainig"],
    [{ endpoint: { kind: "server" } }, "environments.dev.endpoint.kind"],
    [{ endpoint: { kind: "serverless", instanceType: "ml.m5.large" } }, "instanceType"],
    [{ endpoint: { kind: "serverless", memorySizeInMB: 2000 } }, "must be one of 1024, 2048, 3072"],
    [{ endpoint: { kind: "serverless", maxConcurrency: 201 } }, "environments.dev.endpoint.maxConcurrency"],
    [{ endpoint: { memorySizeInMB: 2048 } }, "memorySizeInMB"],
    [
      { endpoint: { autoscaling: { minInstances: 1 } } },
      "environments.dev.endpoint.autoscaling.maxInstances",
    ],
    [{ retention: { logsInDays: 0 } }, "environments.dev.retention.logsInDays"],
    [{ regoin: "x" }, "regoin"],
  ])("fails for %j, with the place and the reason", (entry, message) => {
    expect(() => inDev(entry)).toThrow(message);
  });

  it("lists every wrong value at once", () => {
    expect(() => inDev({ region: "mars", account: "12" })).toThrow(
      /must be a region[\s\S]*environments\.dev\.region[\s\S]*must be 12 digits/,
    );
  });

  it("has the emulator among the project's own environments", () => {
    expect(environments.local).toMatchObject({ region: "us-east-1", account: "123456789012" });
  });
});

describe("an environment's entry", () => {
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

  it("goes to its account as its profile or role, for the resources and for the state", () => {
    const role = "arn:aws:iam::123456789012:role/deployer";
    const { pipeline, testRun } = synth(
      inDev({ account: "123456789012", profile: "ml", assumeRoleArn: role, stateBucket: "states" }),
    );
    expect(pipeline.provider?.aws).toEqual([
      expect.objectContaining({
        profile: "ml",
        assume_role: [{ role_arn: role }],
        allowed_account_ids: ["123456789012"],
      }),
    ]);
    const backend = { s3: expect.objectContaining({ profile: "ml", assume_role: { role_arn: role } }) };
    expect(pipeline.terraform?.backend).toEqual(backend);
    expect(testRun.terraform?.backend).toEqual(backend);
  });

  it("puts its permissions boundary on every role", () => {
    const { pipeline } = synth(
      inDev({ permissionsBoundaryArn: boundary, schedule: { expression: "rate(1 day)" } }),
    );
    const roles = resources(pipeline, "aws_iam_role");
    expect(roles).toHaveLength(9);
    for (const role of roles) expect(role).toMatchObject({ permissions_boundary: boundary });
  });

  it("decides how long logs and old versions are kept", () => {
    const { pipeline } = synth(inDev({ retention: { logsInDays: 400, noncurrentVersionsInDays: 7 } }));
    for (const group of resources(pipeline, "aws_cloudwatch_log_group")) {
      expect(group).toMatchObject({ retention_in_days: 400 });
    }
    const lifecycle = JSON.stringify(only(pipeline, "aws_s3_bucket_lifecycle_configuration"));
    expect(lifecycle).toContain('"noncurrent_days":7');
  });

  it("starts executions on its schedule, with a role that can do nothing else", () => {
    const { pipeline } = synth(
      inDev({ schedule: { expression: "cron(0 3 ? * MON *)", timeZone: "Europe/Zurich" } }),
    );
    expect(only(pipeline, "aws_scheduler_schedule")).toMatchObject({
      schedule_expression: "cron(0 3 ? * MON *)",
      schedule_expression_timezone: "Europe/Zurich",
      target: { input: "{}", arn: expect.stringContaining("aws_sfn_state_machine") },
    });
    const policies = resources(pipeline, "aws_iam_role_policy").map(({ policy }) => String(policy));
    expect(policies).toContainEqual(
      expect.stringMatching(
        /^[^}]*"Action":\["states:StartExecution"\],"Resource":\["\$\{aws_sfn_state_machine\.Workflow_StateMachine_\w+\.arn\}"\]/,
      ),
    );
  });

  it("tells its addresses of executions and alarms, through an encrypted topic", () => {
    const { pipeline } = synth(inDev({ notifications: { emails: ["a@example.com", "b@example.com"] } }));
    const alarms = resources(pipeline, "aws_cloudwatch_metric_alarm");
    expect(alarms.map(({ alarm_name }) => alarm_name).sort()).toEqual([
      "housing-dev-endpoint-errors",
      "housing-dev-endpoint-latency",
      ...["aborted", "failed", "timed-out"].map((end) => `housing-dev-executions-${end}`),
      "housing-dev-notify-errors",
      ...["aborted", "failed", "timed-out"].map((end) => `housing-dev-release-executions-${end}`),
    ]);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        treat_missing_data: "notBreaching",
        alarm_description: expect.stringMatching(/: npm run \w+ -- dev$/),
        alarm_actions: [expect.stringContaining("aws_sns_topic")],
      });
    }
    expect(resources(pipeline, "aws_sns_topic_subscription").map(({ endpoint }) => endpoint)).toEqual([
      "a@example.com",
      "b@example.com",
    ]);
    expect(only(pipeline, "aws_sns_topic")).toMatchObject({
      name: "housing-dev-notifications",
      kms_master_key_id: expect.stringContaining("aws_kms_key"),
    });
    expect(only(pipeline, "aws_kms_key")).toMatchObject({ enable_key_rotation: true });
    expect(only(pipeline, "aws_lambda_permission")).toMatchObject({
      principal: "events.amazonaws.com",
      source_arn: expect.stringContaining("aws_cloudwatch_event_rule"),
    });
    const { event_pattern } = named(pipeline, "aws_cloudwatch_event_rule", "housing-dev-ended");
    expect(JSON.parse(String(event_pattern)).detail.stateMachineArn).toEqual([
      expect.stringMatching(/:stateMachine:housing-dev$/),
      expect.stringMatching(/:stateMachine:housing-dev-release$/),
    ]);
  });

  it("posts to a chat, whose URL only a parameter knows", () => {
    const webhook = { format: "teams", parameter: "/housing/dev/webhook" };
    const { pipeline } = synth(inDev({ notifications: { webhook } }));
    const functions = resources(pipeline, "aws_lambda_function");
    expect(functions.find(({ function_name }) => function_name === "housing-dev-webhook")).toMatchObject({
      environment: { variables: { PARAMETER: "/housing/dev/webhook", FORMAT: "teams" } },
    });
    expect(only(pipeline, "aws_sns_topic_subscription")).toMatchObject({ protocol: "lambda" });
    const permissions = resources(pipeline, "aws_lambda_permission");
    expect(permissions.map(({ principal }) => principal)).toEqual([
      "events.amazonaws.com",
      "sns.amazonaws.com",
    ]);
    expect(pipeline.resource?.aws_ssm_parameter).toBeUndefined();
    const names = resources(pipeline, "aws_cloudwatch_metric_alarm").map(({ alarm_name }) => alarm_name);
    expect(names).toContain("housing-dev-webhook-errors");
  });

  it("tells of an endpoint that nobody asks, where it should be asked", () => {
    const { pipeline } = synth(inDev({ notifications, alarms: { noTrafficMinutes: 60 } }));
    const alarms = resources(pipeline, "aws_cloudwatch_metric_alarm");
    const name = "housing-dev-endpoint-no-traffic";
    expect(alarms.find(({ alarm_name }) => alarm_name === name)).toMatchObject({
      metric_name: "Invocations",
      period: 3600,
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      treat_missing_data: "breaching",
    });
  });

  it("has a dashboard unless it says otherwise, with the states of the alarms there are", () => {
    const body = ({ pipeline }: ReturnType<typeof synth>) =>
      String(only(pipeline, "aws_cloudwatch_dashboard").dashboard_body);
    expect(body(synth())).not.toContain('"type":"alarm"');
    expect(body(synth(inDev({ notifications })))).toContain('"type":"alarm"');
    const { pipeline } = synth(inDev({ dashboard: false }));
    expect(pipeline.resource?.aws_cloudwatch_dashboard).toBeUndefined();
  });

  it("moves updates in by a canary with alarms, where there are two instances or more", () => {
    const entry = inDev({ endpoint: { initialInstanceCount: 2 } });
    const { pipeline } = synth(entry, inEnvironment(workflowProps("dev"), entry));
    const alarms = resources(pipeline, "aws_cloudwatch_metric_alarm");
    const names = alarms.map(({ alarm_name }) => alarm_name);
    expect(names).toEqual(["housing-dev-endpoint-errors", "housing-dev-endpoint-latency"]);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        namespace: "AWS/SageMaker",
        treat_missing_data: "notBreaching",
        dimensions: { EndpointName: "housing-dev", VariantName: "primary" },
      });
    }
    for (const machine of ["housing-dev", "housing-dev-release"]) {
      const { definition } = named(pipeline, "aws_sfn_state_machine", machine) as { definition: string };
      const { States } = JSON.parse(definition) as StateMachineDefinition;
      expect(States.UpdateEndpoint).toMatchObject({
        Arguments: {
          DeploymentConfig: {
            AutoRollbackConfiguration: { Alarms: names.map((AlarmName) => ({ AlarmName })) },
          },
        },
      });
    }
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

  it("replaces one instance all at once, without alarms", () => {
    const { pipeline } = synth();
    expect(resources(pipeline, "aws_cloudwatch_metric_alarm")).toEqual([]);
    expect(JSON.stringify(pipeline)).not.toContain("DeploymentConfig");
  });

  it("encrypts the topic with the environment's key, where it has one", () => {
    const kmsKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/1";
    const { pipeline } = synth(inDev({ notifications, kmsKeyArn }));
    expect(only(pipeline, "aws_sns_topic")).toMatchObject({ kms_master_key_id: kmsKeyArn });
    expect(pipeline.resource?.aws_kms_key).toBeUndefined();
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
