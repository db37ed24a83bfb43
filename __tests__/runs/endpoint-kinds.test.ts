/** Serverless and scaled endpoints, the change from one kind to the other, and batch scoring. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import {
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import { refuseChangeOfKind } from "../../cli/account/endpoint-kind";
import type { Environment } from "../../cli/account/environment";
import { type ChangeKindSteps, moveToKind } from "../../cli/deploy/move-to-kind";
import { testEndpoint } from "../../cli/execution/endpoint-test";
import { type ScoreOptions, scoredText, scorePrefix } from "../../cli/scoring/batch";
import { environments } from "../../configuration";
import type { EndpointProps } from "../../workflow/endpoint/kinds";
import { baseName } from "../../workflow/names";
import type { WorkflowProps } from "../../workflow/props";
import { until } from "../patience";
import { callService } from "./call-service";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallWorkflow } from "./small-workflow";

const propsOf = (prefix: string, endpoint: EndpointProps) =>
  smallWorkflow(prefix, {
    endpoint,
  });
const scaling = (minInstances: number, maxInstances: number) =>
  ({
    instanceType: "ml.m5.large",
    autoscaling: { minInstances, maxInstances, invocationsPerInstance: 600 },
  }) satisfies EndpointProps;

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await TestCloud.start();
});

afterAll(() => cloud?.stop());

async function deployed(props: WorkflowProps): Promise<TestWorkflow> {
  const workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
  return workflow;
}

function environmentOf(workflow: WorkflowProps): Environment {
  const config = environments.local as Environment["config"];
  return { name: "local", config, aws: cloud.aws, workflow, baseName: baseName(workflow) };
}

async function endpoint(EndpointName: string) {
  const sagemaker = cloud.aws.sagemaker();
  const found = await sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
  const { EndpointConfigName } = found;
  const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
  return { ...found, configured: config.ProductionVariants?.[0], running: found.ProductionVariants?.[0] };
}

/** What Application Auto Scaling has recorded; there is no client of it here for two questions of a test. */
async function scalingCall(operation: string, request: object): Promise<Record<string, unknown>> {
  const headers = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": `AnyScaleFrontendService.${operation}`,
  };
  const body = JSON.stringify({ ServiceNamespace: "sagemaker", ...request });
  return JSON.parse(await callService(cloud.aws, "application-autoscaling", headers, body));
}

describe("an endpoint with autoscaling", () => {
  const resource = "endpoint/scaled-test/variant/primary";
  let workflow: TestWorkflow;

  beforeAll(async () => {
    workflow = await deployed(propsOf("scaled", { ...scaling(1, 3), capture: { percentage: 100 } }));
  });

  it("is registered with its bounds and its target, and answers", async () => {
    expect(failureOf(await workflow.run())).toEqual(succeeded);
    expect(await testEndpoint(cloud.aws, "scaled-test", [1])).toEqual([42]);
    expect(await scalingCall("DescribeScalableTargets", { ResourceIds: [resource] })).toMatchObject({
      ScalableTargets: [
        { ScalableDimension: "sagemaker:variant:DesiredInstanceCount", MinCapacity: 1, MaxCapacity: 3 },
      ],
    });
    expect(await scalingCall("DescribeScalingPolicies", { ResourceId: resource })).toMatchObject({
      ScalingPolicies: [
        {
          PolicyName: "scaled-test-invocations",
          PolicyType: "TargetTrackingScaling",
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: 600,
            PredefinedMetricSpecification: { PredefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
          },
        },
      ],
    });
  });

  it("keeps the instances that scaling has chosen when a new model moves in", async () => {
    await cloud.aws.sagemaker().send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: "scaled-test",
        DesiredWeightsAndCapacities: [{ VariantName: "primary", DesiredInstanceCount: 3 }],
      }),
    );
    await until(async () => (await endpoint("scaled-test")).EndpointStatus === "InService");
    const before = await endpoint("scaled-test");
    expect(failureOf(await workflow.run())).toEqual(succeeded);
    const { EndpointConfigName, configured, running } = await endpoint("scaled-test");
    expect(EndpointConfigName).not.toBe(before.EndpointConfigName);
    expect([configured?.InitialInstanceCount, running?.DesiredInstanceCount]).toEqual([1, 3]);
  });

  it("captures its requests before and after the update", async () => {
    expect(await testEndpoint(cloud.aws, "scaled-test", [2])).toEqual([42]);
    const part = (mode: string, data: string) => ({
      observedContentType: "application/json",
      mode,
      data,
      encoding: "JSON",
    });
    const line = (instance: number) => ({
      captureData: {
        endpointInput: part("INPUT", `{"instances":[${instance}]}`),
        endpointOutput: part("OUTPUT", '{"predictions": [42]}'),
      },
      eventMetadata: expect.objectContaining({ inferenceId: expect.stringMatching(/^smoke-test-/) }),
      eventVersion: "0",
    });
    await until(async () => (await workflow.captured()).length >= 2);
    expect(await workflow.captured()).toEqual([line(1), line(2)]);
  });

  it("serves the model also where scaling cannot be set, and says that only this is missing", async () => {
    await cloud.inject({
      operation: "application-autoscaling:PutScalingPolicy",
      error: "FailedResourceAccessException",
    });
    const { error, cause } = failureOf(await workflow.run());
    await cloud.inject();
    expect([error, cause]).toEqual([
      "AutoscalingFailed",
      expect.objectContaining({ state: "PutScalingPolicy", endpoint: "scaled-test" }),
    ]);
    expect((await endpoint("scaled-test")).EndpointStatus).toBe("InService");
    expect(await testEndpoint(cloud.aws, "scaled-test", [1])).toEqual([42]);
  });
});

describe("a workflow that changes its endpoint's kind", () => {
  const onInstances = propsOf("kinds", { instanceType: "ml.m5.large" });
  const serverless = propsOf("kinds", { kind: "serverless", memorySizeInMB: 1024 });
  let workflow: TestWorkflow;

  beforeAll(async () => {
    workflow = await deployed(onInstances);
    expect(failureOf(await workflow.run())).toEqual(succeeded);
  });

  /** What a deploy changes: the definitions and the roles of both state machines. */
  async function deploy(props: WorkflowProps): Promise<boolean> {
    await cloud.redeploy(props, workflow);
    return true;
  }

  const names = async () => {
    const { Endpoints = [] } = await cloud.aws
      .sagemaker()
      .send(new ListEndpointsCommand({ NameContains: "kinds-test" }));
    const { EndpointConfigs = [] } = await cloud.aws
      .sagemaker()
      .send(new ListEndpointConfigsCommand({ NameContains: "kinds-test" }));
    return {
      endpoints: Endpoints.map(({ EndpointName }) => EndpointName).sort(),
      configs: EndpointConfigs.length,
    };
  };

  /** The change, with every question answered as given. */
  async function change(props: WorkflowProps, { keepOld = false, answer = true } = {}) {
    const said: string[] = [];
    const steps: ChangeKindSteps = {
      deploy: () => deploy(props),
      confirm: async (question) => {
        said.push(question);
        return answer;
      },
      onStep: (line) => said.push(line),
      instances: [1],
    };
    await moveToKind(environmentOf(props), { keepOld, timeout: 600 }, steps);
    return said.join("\n");
  }

  it("is refused by a deploy, which says what it takes and how", async () => {
    await expect(refuseChangeOfKind(environmentOf(serverless))).rejects.toThrow(
      /kinds-test \(on instances\) is in service[\s\S]*Nothing was changed[\s\S]*kinds-test-serverless[\s\S]*npm run change-kind -- local/,
    );
    await refuseChangeOfKind(environmentOf(onInstances));
  });

  it("is put the version that serves in service under the other name, and keeps the old one where asked", async () => {
    const said = await change(serverless, { keepOld: true });
    expect(said).toContain(
      "kinds-test-serverless is in service and responds. Switch the callers of kinds-test to it.",
    );
    expect((await names()).endpoints).toEqual(["kinds-test", "kinds-test-serverless"]);
    const { configured } = await endpoint("kinds-test-serverless");
    expect(configured).toMatchObject({ ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 5 } });
    expect(configured).not.toHaveProperty("InstanceType");
    const model = new DescribeModelCommand({ ModelName: configured?.ModelName });
    const { PrimaryContainer } = await cloud.aws.sagemaker().send(model);
    expect(PrimaryContainer).toMatchObject({
      ModelPackageName: expect.stringMatching(/model-package\/kinds-test\/1$/),
      Environment: { SAGEMAKER_MODEL_SERVER_WORKERS: "1", SAGEMAKER_PROGRAM: "serve.py" },
    });
    expect(await testEndpoint(cloud.aws, "kinds-test-serverless", [1])).toEqual([42]);
    // Both serve: the change is made, and a deploy has nothing against it.
    await refuseChangeOfKind(environmentOf(serverless));
  });

  it("goes on where it was: the old endpoint goes with its configurations, and nothing else", async () => {
    expect(await change(serverless, { answer: false })).toContain("kinds-test was kept");
    expect((await names()).endpoints).toHaveLength(2);
    expect(await change(serverless)).toContain("Deleted endpoint kinds-test");
    expect(await names()).toEqual({ endpoints: ["kinds-test-serverless"], configs: 1 });
    expect(await change(serverless)).toContain("nothing to do");
  });

  it("updates the serverless endpoint from then on", async () => {
    const before = await endpoint("kinds-test-serverless");
    expect(failureOf(await workflow.run())).toEqual(succeeded);
    const after = await endpoint("kinds-test-serverless");
    expect(after.EndpointConfigName).not.toBe(before.EndpointConfigName);
    expect((await names()).endpoints).toEqual(["kinds-test-serverless"]);
    expect(await testEndpoint(cloud.aws, "kinds-test-serverless", [1])).toEqual([42]);
  });

  it("changes back", async () => {
    expect(await change(onInstances)).toContain("Deleted endpoint kinds-test-serverless");
    expect((await names()).endpoints).toEqual(["kinds-test"]);
    expect((await endpoint("kinds-test")).configured).toMatchObject({ InstanceType: "ml.m5.large" });
  });

  it("has nothing to change where nothing serves", async () => {
    await cloud.aws.sagemaker().send(new DeleteEndpointCommand({ EndpointName: "kinds-test" }));
    await until(async () => (await names()).endpoints.length === 0);
    await expect(change(serverless)).rejects.toThrow("There is no endpoint kinds-test to change");
  });
});

describe("batch scoring", () => {
  const props = propsOf("batch", { kind: "serverless" });
  const options: ScoreOptions = { format: "json", instanceType: "ml.m5.large", instances: 1, timeout: 600 };
  let workflow: TestWorkflow;

  const score = (input: string, more: Partial<ScoreOptions> = {}) =>
    scorePrefix(environmentOf(props), input, { ...options, ...more });
  const read = async (Key: string) => {
    const { Body } = await cloud.aws.s3().send(new GetObjectCommand({ Bucket: workflow.bucketName, Key }));
    return Body?.transformToString();
  };

  beforeAll(async () => {
    workflow = await deployed(props);
    await workflow.upload("scoring-input/day/a.csv", "1\n2\n");
    await workflow.upload("scoring-input/day/b.csv", "3\n");
  });

  it("needs something that serves, or the number of a version", async () => {
    await expect(score("scoring-input/day/")).rejects.toThrow(
      "The endpoint batch-test-serverless has no model in service: pass --version",
    );
  });

  it("scores a file of this machine, and shows its first predictions", async () => {
    expect(failureOf(await workflow.run())).toEqual(succeeded);
    const folder = mkdtempSync(join(tmpdir(), "score-"));
    const file = join(folder, "rows.csv");
    writeFileSync(file, "1\n2\n");
    const scored = await score(file);
    rmSync(folder, { recursive: true });
    expect(scored.job.inputUrl).toBe(`s3://${workflow.bucketName}/scoring-input/${scored.job.name}/rows.csv`);
    expect(scoredText(scored)).toMatch(/\nThe first predictions:\n {2}\{"predictions": \[42\]\}/);
  });

  it("scores every object under a prefix with the model that serves", async () => {
    expect(failureOf(await workflow.run())).toEqual(succeeded);
    const { job, output } = await score("scoring-input/day/");
    expect(job.modelName).toBe((await endpoint("batch-test-serverless")).configured?.ModelName);
    expect(output.map(({ key }) => key)).toEqual(
      ["a", "b"].map((name) => `scoring-output/${job.name}/${name}.csv.out`),
    );
    expect(await read(output[0]?.key as string)).toBe('{"predictions": [42]}\n');
  });

  it("makes the model of a version that has none, which a release takes up", async () => {
    const sagemaker = cloud.aws.sagemaker();
    const models = async () =>
      ((await sagemaker.send(new ListModelsCommand({}))).Models ?? []).filter(({ ModelName }) =>
        ModelName?.startsWith("batch-test-model-"),
      );
    await cloud.deleteModels("batch-test");
    const output = `s3://${workflow.bucketName}/scoring-output/chosen/`;
    const { job } = await score("scoring-input/day/a.csv", { version: 1, output });
    expect((await models()).map(({ ModelName }) => ModelName)).toEqual([job.modelName]);
    expect(job.modelName).toMatch(/^batch-test-model-v1-[0-9a-f]{8}-serverless$/);
    expect(await read("scoring-output/chosen/a.csv.out")).toBe('{"predictions": [42]}\n');
    const version = "arn:aws:sagemaker:us-east-1:123456789012:model-package/batch-test/1";
    expect(failureOf(await workflow.release({ ModelPackageArn: version }))).toEqual(succeeded);
    expect(await models()).toHaveLength(1);
    // Again: what is there is found.
    expect((await score("scoring-input/day/a.csv", { version: 1 })).job.modelName).toBe(job.modelName);
  });

  it("tells why a job failed, with the end of its log", async () => {
    await workflow.run({ HyperParameters: { behave: "failing" } });
    await expect(score("scoring-input/day/")).rejects.toThrow(
      /The transform job batch-test-score-\d+ ended as Failed: AlgorithmError.* status received from algorithm: 500[\s\S]*last lines of the job's log:[\s\S]*RuntimeError: this model answers nothing/,
    );
  });

  it.each<[string, Partial<ScoreOptions>, string]>([
    ["raw-data/data.csv", {}, "The input must be under s3://batch-test-"],
    ["s3://elsewhere/scoring-input/", {}, "The input must be under s3://batch-test-"],
    ["scoring-input/night/", {}, "/scoring-input/night/ must contain objects, got none"],
    ["scoring-input/day/", { output: "scoring-input/day/" }, "--output must be under s3://batch-test-"],
    ["scoring-input/day/", { version: 99 }, ", got 99"],
  ])("refuses %s with %j before anything starts", async (input, more, message) => {
    await expect(score(input, more)).rejects.toThrow(message);
  });

  it("refuses a header that only the first of several requests would have", async () => {
    const row = `${"1,".repeat(500)}1\n`;
    await workflow.upload("scoring-input/large/a.csv", `x,y\n${row.repeat(7000)}`);
    await expect(score("scoring-input/large/")).rejects.toThrow(
      "scoring-input/large/a.csv must not have a header, because it is larger than 6 MB",
    );
    const { Contents = [] } = await cloud.aws
      .s3()
      .send(new ListObjectsV2Command({ Bucket: workflow.bucketName, Prefix: "scoring-output/large" }));
    expect(Contents).toEqual([]);
  });
});
