import type { TaskState } from "../../../workflow/asl/states";
import { releaseDefinition, workflowDefinition } from "../../../workflow/definition";
import { type EndpointProps, endpointSettings } from "../../../workflow/endpoint/kinds";
import { namesOfVersion } from "../../../workflow/steps/release-names";
import { workflow } from "../../fixtures";
import { evaluate } from "../evaluate";

const autoscaling = { minInstances: 2, maxInstances: 4, invocationsPerInstance: 600 };
const scaled = { instanceType: "ml.m5.large", autoscaling };

function states(endpoint: EndpointProps) {
  return workflowDefinition(workflow({ endpoint })).definition.States as Readonly<Record<string, TaskState>>;
}

describe("endpointSettings", () => {
  it("is one small instance, unless it is told otherwise", () => {
    expect(endpointSettings()).toEqual({
      kind: "instance",
      variantName: "primary",
      instanceType: "ml.t2.medium",
      initialInstanceCount: 1,
      initialVariantWeight: 1,
      update: { shift: "canary", waitSeconds: 300, terminationSeconds: 120 },
    });
    expect(endpointSettings({ kind: "serverless" })).toEqual({
      kind: "serverless",
      variantName: "primary",
      memorySizeInMB: 2048,
      maxConcurrency: 5,
    });
    expect(endpointSettings(scaled)).toMatchObject({ initialInstanceCount: 2, autoscaling });
  });

  it.each<[object, string]>([
    [{ kind: "async" }, 'endpoint.kind must be "instance" or "serverless", got "async"'],
    [
      { kind: "serverless", instanceType: "ml.m5.large", autoscaling },
      'endpoint.instanceType, endpoint.autoscaling must not be set, because a serverless endpoint has no instances: omit it, or set endpoint.kind to "instance"',
    ],
    [
      { maxConcurrency: 5 },
      'endpoint.maxConcurrency must not be set, because instances have neither: omit it, or set endpoint.kind to "serverless"',
    ],
    [{ kind: "serverless", memorySizeInMB: 1000 }, "endpoint.memorySizeInMB must be one of 1024, 2048"],
    [
      { kind: "serverless", maxConcurrency: 0 },
      "endpoint.maxConcurrency must be a whole number from 1 to 200, got 0",
    ],
    [{ initialInstanceCount: 0 }, "endpoint.initialInstanceCount must be a whole number of 1 or more, got 0"],
    [
      { ...scaled, initialInstanceCount: 5 },
      "<= autoscaling.maxInstances must hold in whole numbers, got 2, 5, 4",
    ],
    [
      { ...scaled, autoscaling: { ...autoscaling, minInstances: 0 } },
      "must hold in whole numbers, got 0, 0, 4",
    ],
    [
      { ...scaled, autoscaling: { ...autoscaling, invocationsPerInstance: 0 } },
      "invocationsPerInstance must be a number of requests a minute above 0, got 0",
    ],
    [
      { autoscaling },
      "AWS does not scale burstable instances such as ml.t2.medium; set endpoint.instanceType",
    ],
  ])("fails for %j, and says what to do instead", (props, message) => {
    expect(() => endpointSettings(props as EndpointProps)).toThrow(message);
  });

  it("fails for a serverless endpoint in a VPC, which AWS does not have", () => {
    const vpc = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
    expect(() => workflow({ endpoint: { kind: "serverless" }, vpc })).toThrow(
      'vpc: SageMaker has no serverless endpoints in a VPC; leave vpc out, or set endpoint.kind to "instance"',
    );
  });
});

describe("a serverless endpoint", () => {
  const made = states({ kind: "serverless", memorySizeInMB: 4096, maxConcurrency: 20 });

  it("has memory and concurrency in place of instances", () => {
    expect(made.CreateEndpointConfig?.Arguments.ProductionVariants).toEqual([
      {
        VariantName: "primary",
        ModelName: "{% $modelName %}",
        ServerlessConfig: { MemorySizeInMB: 4096, MaxConcurrency: 20 },
      },
    ]);
    expect(JSON.stringify(made.RegisterModel)).not.toContain("SupportedRealtimeInferenceInstanceTypes");
  });

  it("has one worker, and all the variables that its version was registered with", async () => {
    const { Environment } = (made.CreateModel as TaskState).Arguments.PrimaryContainer as {
      Environment: string;
    };
    const environment = { SAGEMAKER_PROGRAM: "inference.py" };
    expect(await evaluate(Environment, {}, { package: { environment } })).toEqual({
      ...environment,
      SAGEMAKER_MODEL_SERVER_WORKERS: "1",
    });
    expect(await evaluate(Environment, {}, { package: {} })).toEqual({ SAGEMAKER_MODEL_SERVER_WORKERS: "1" });
  });

  it("gives a version's model another name than an endpoint on instances does", async () => {
    const variables = { modelPackageArn: "arn", package: { version: 3, created: "now" } };
    const names = (endpoint: EndpointProps) => namesOfVersion(workflow({ endpoint }));
    const model = await evaluate(names({}).model, {}, variables);
    expect(await evaluate(names({ kind: "serverless" }).model, {}, variables)).toBe(`${model}-serverless`);
    // Scaling changes no configuration.
    expect(names(scaled).config).toBe(
      names({ ...scaled, autoscaling: { ...autoscaling, maxInstances: 9 } }).config,
    );
    expect(names(scaled).config).not.toBe(names({ kind: "serverless" }).config);
  });

  it("is the only endpoint that the state machine may change", () => {
    const { policyStatements } = workflowDefinition(workflow({ endpoint: { kind: "serverless" } }));
    const endpoints = policyStatements
      .filter(({ actions }) => actions.join() !== "sagemaker:DescribeEndpoint")
      .flatMap(({ resources }) => resources)
      .filter((resource) => resource.includes(":endpoint/"));
    expect([...new Set(endpoints.map((resource) => resource.split("/")[1]))]).toEqual([
      "housing-dev-serverless",
      "housing-dev-serverless-*",
    ]);
  });
});

describe("an endpoint with autoscaling", () => {
  const made = states(scaled);

  it("is registered once it serves, also where a release finds its version in service", () => {
    for (const { definition } of [
      workflowDefinition(workflow({ endpoint: scaled })),
      releaseDefinition(workflow({ endpoint: scaled })),
    ]) {
      const { States } = definition;
      expect(JSON.stringify(States.EndpointInService)).toContain('"Next":"RegisterScalableTarget"');
      expect(States.RegisterScalableTarget).toMatchObject({ Next: "PutScalingPolicy" });
    }
    expect(
      JSON.stringify(releaseDefinition(workflow({ endpoint: scaled })).definition.States.ChooseDeployment),
    ).toContain('"Next":"RegisterScalableTarget"');
  });

  it("keeps within its bounds, and follows the requests of each instance", async () => {
    const { ResourceId, ...register } = made.RegisterScalableTarget?.Arguments ?? {};
    expect(await evaluate(ResourceId as string, {}, { endpointName: "housing-dev" })).toBe(
      "endpoint/housing-dev/variant/primary",
    );
    expect(register).toMatchObject({ ServiceNamespace: "sagemaker", MinCapacity: 2, MaxCapacity: 4 });
    expect(made.PutScalingPolicy?.Arguments).toMatchObject({
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 600,
        PredefinedMetricSpecification: { PredefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
      },
    });
  });

  it.each([
    [1, false],
    [2, true],
    [4, true],
    [5, false],
    [0, false],
  ])("of %i instances keeps their number in an update: %p", async (instances, expected) => {
    const { RetainAllVariantProperties } = made.UpdateEndpoint?.Arguments ?? {};
    expect(await evaluate(RetainAllVariantProperties as string, {}, { endpoint: { instances } })).toBe(
      expected,
    );
  });
});

it("leaves scaling out of a fixed endpoint's definition and permissions", () => {
  const text = JSON.stringify(workflowDefinition(workflow()));
  expect(text).not.toMatch(/autoscaling|Retain/i);
});
