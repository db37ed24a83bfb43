/** Registered versions: approval by a person, releases, and what makes one impossible. */

import { createHash } from "node:crypto";
import { ListRolesCommand, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateEndpointCommand,
  CreateModelPackageCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from "@aws-sdk/client-sagemaker";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { objectAt } from "../../cli/account/objects";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallWorkflow } from "./small-workflow";

const props = smallWorkflow("release", {
  approval: "manual",
});
const versions = "arn:aws:sagemaker:us-east-1:123456789012:model-package/release-test";

let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
});

afterAll(() => cloud?.stop());

async function counts() {
  const sagemaker = cloud.aws.sagemaker();
  const { Endpoints = [] } = await sagemaker.send(new ListEndpointsCommand({}));
  const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand({}));
  const { Models = [] } = await sagemaker.send(new ListModelsCommand({}));
  return { endpoints: Endpoints.length, configs: EndpointConfigs.length, models: Models.length };
}

async function approve(version: number): Promise<void> {
  await cloud.aws.sagemaker().send(
    new UpdateModelPackageCommand({
      ModelPackageArn: `${versions}/${version}`,
      ModelApprovalStatus: "Approved",
    }),
  );
}

it("registers the model and ends there, where a person approves", async () => {
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  const output = JSON.parse(result.description.output ?? "{}");
  expect(output).toMatchObject({ ModelPackageArn: `${versions}/1`, Metrics: { score: 1 } });
  expect(output).not.toHaveProperty("EndpointName");
  expect(await counts()).toEqual({ endpoints: 0, configs: 0, models: 0 });
});

it("does not release what nobody has approved", async () => {
  const { error, cause } = failureOf(await workflow.release({ ModelPackageArn: `${versions}/1` }));
  expect([error, cause.reason]).toEqual([
    "PackageUnusable",
    expect.stringContaining("is Completed and PendingManualApproval, not Completed and Approved"),
  ]);
});

it("releases an approved version, and makes nothing anew when asked again", async () => {
  await approve(1);
  const result = await workflow.release({ ModelPackageArn: `${versions}/1` });
  expect(failureOf(result)).toEqual(succeeded);
  expect(JSON.parse(result.description.output ?? "{}")).toMatchObject({
    EndpointName: "release-test",
    ModelName: expect.stringMatching(/^release-test-model-v1-[0-9a-f]{8}$/),
  });
  const before = await counts();
  expect(before).toEqual({ endpoints: 1, configs: 1, models: 1 });
  expect(failureOf(await workflow.release({ ModelPackageArn: `${versions}/1` }))).toEqual(succeeded);
  expect(await counts()).toEqual(before);
});

it("moves the endpoint to the next version, and back", async () => {
  await workflow.run();
  await approve(2);
  for (const version of [2, 1]) {
    const result = await workflow.release({ ModelPackageArn: `${versions}/${version}` });
    expect(failureOf(result)).toEqual(succeeded);
  }
  expect(await counts()).toEqual({ endpoints: 1, configs: 2, models: 2 });
});

/** Clients with the credentials of the workflow's role of one kind. */
async function asRole(kind: string) {
  const { Roles = [] } = await cloud.aws.iam().send(new ListRolesCommand({}));
  const role = Roles.find(({ RoleName = "" }) => RoleName.startsWith(`release-test-${kind}-`));
  const trust = { Effect: "Allow", Principal: { AWS: "123456789012" }, Action: "sts:AssumeRole" };
  await cloud.aws.iam().send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: role?.RoleName,
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ ...trust, Principal: { ...trust.Principal, Service: services[kind] } }],
      }),
    }),
  );
  const session = { RoleArn: role?.Arn, RoleSessionName: kind };
  const { Credentials } = await cloud.aws.sts().send(new AssumeRoleCommand(session));
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = Credentials ?? {};
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  const { endpoint, region } = cloud.aws.connection;
  const config = { endpoint, region, credentials };
  return { s3: new S3Client({ ...config, forcePathStyle: true }), sagemaker: new SageMakerClient(config) };
}

const services: Readonly<Record<string, string>> = {
  states: "states.amazonaws.com",
  release: "states.amazonaws.com",
  evaluate: "lambda.amazonaws.com",
  prep: "sagemaker.amazonaws.com",
  train: "sagemaker.amazonaws.com",
  sagemaker: "sagemaker.amazonaws.com",
};

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64");
}

async function filesOf(version: number) {
  const describe = new DescribeModelPackageCommand({ ModelPackageName: `${versions}/${version}` });
  const { InferenceSpecification, ModelMetrics } = await cloud.aws.sagemaker().send(describe);
  return {
    model: InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "",
    metrics: ModelMetrics?.ModelQuality?.Statistics?.S3Uri ?? "",
  };
}

it.each(["prep", "train", "sagemaker", "evaluate", "release"])(
  "lets nobody write a registered model as the role %s",
  async (kind) => {
    const { s3 } = await asRole(kind);
    const put = new PutObjectCommand({ ...objectAt((await filesOf(1)).model), Body: "changed" });
    await expect(s3.send(put)).rejects.toThrow("is not authorized to perform: s3:PutObject");
  },
);

it.each(["model", "metrics"] as const)("releases nothing when the %s was changed since", async (file) => {
  const url = (await filesOf(2))[file];
  const s3 = cloud.aws.s3();
  const { Body } = await s3.send(new GetObjectCommand({ ...objectAt(url), ChecksumMode: "ENABLED" }));
  const content = (await Body?.transformToByteArray()) ?? new Uint8Array();
  const before = await counts();
  await s3.send(new PutObjectCommand({ ...objectAt(url), Body: "changed", ChecksumAlgorithm: "SHA256" }));
  const refused = failureOf(await workflow.release({ ModelPackageArn: `${versions}/2` }));
  expect([refused.error, refused.cause.reason]).toEqual([
    "PackageUnusable",
    `the SHA-256 of ${url} must be ${sha256(content)}, as registered, got ${sha256("changed")}: restore the registered version of the object, or release another model version`,
  ]);
  expect(await counts()).toEqual(before);
  await s3.send(new PutObjectCommand({ ...objectAt(url), Body: content, ChecksumAlgorithm: "SHA256" }));
  expect(failureOf(await workflow.release({ ModelPackageArn: `${versions}/2` }))).toEqual(succeeded);
});

it("releases nothing that was registered without SHA-256", async () => {
  const registered = await cloud.aws
    .sagemaker()
    .send(new DescribeModelPackageCommand({ ModelPackageName: `${versions}/2` }));
  await cloud.aws.sagemaker().send(
    new UpdateModelPackageCommand({
      ModelPackageArn: `${versions}/2`,
      CustomerMetadataPropertiesToRemove: ["modelSha256"],
    }),
  );
  const { error, cause } = failureOf(await workflow.release({ ModelPackageArn: `${versions}/2` }));
  expect([error, cause.reason]).toEqual([
    "PackageUnusable",
    expect.stringContaining("was registered without the SHA-256 of its files"),
  ]);
  await cloud.aws.sagemaker().send(
    new UpdateModelPackageCommand({
      ModelPackageArn: `${versions}/2`,
      CustomerMetadataProperties: registered.CustomerMetadataProperties,
    }),
  );
});

it("cannot register a version as approved, where a person approves", async () => {
  const registered = await cloud.aws
    .sagemaker()
    .send(new DescribeModelPackageCommand({ ModelPackageName: `${versions}/2` }));
  const { sagemaker } = await asRole("states");
  const request = {
    ModelPackageGroupName: "release-test",
    InferenceSpecification: {
      Containers: registered.InferenceSpecification?.Containers,
      SupportedContentTypes: ["text/csv"],
      SupportedResponseMIMETypes: ["text/csv"],
    },
  };
  const approved = new CreateModelPackageCommand({ ...request, ModelApprovalStatus: "Approved" });
  await expect(sagemaker.send(approved)).rejects.toThrow(
    "is not authorized to perform: sagemaker:CreateModelPackage",
  );
});

describe("an endpoint of its name that is not the workflow's", () => {
  const endpoint = { EndpointName: "release-test-taken" };
  const sagemaker = () => cloud.aws.sagemaker();

  async function remove(): Promise<void> {
    await sagemaker().send(new DeleteEndpointCommand(endpoint));
    await waitUntilEndpointDeleted(
      { client: sagemaker(), maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      endpoint,
    );
  }

  it.each([
    [[{ Key: "workflow", Value: "another-test" }], "belongs to the workflow another-test"],
    [[], "has no tag workflow"],
  ])("is not taken over: tags %j", async (Tags, whose) => {
    const served = await sagemaker().send(new DescribeEndpointCommand({ EndpointName: "release-test" }));
    const { EndpointConfigName } = served;
    await sagemaker().send(new CreateEndpointCommand({ ...endpoint, EndpointConfigName, Tags }));
    await waitUntilEndpointInService(
      { client: sagemaker(), maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      endpoint,
    );

    const input = { ModelPackageArn: `${versions}/1`, EndpointName: "taken" };
    const { error, cause } = failureOf(await workflow.release(input));
    expect([error, cause.reason]).toEqual([
      "DeploymentFailed",
      `The endpoint release-test-taken ${whose}; it must belong to release-test: delete it, or set another EndpointName. Nothing was changed`,
    ]);
    const as = await asRole("release");
    for (const command of [
      new UpdateEndpointCommand({ ...endpoint, EndpointConfigName }),
      new DeleteEndpointCommand(endpoint),
    ]) {
      await expect(as.sagemaker.send(command as DeleteEndpointCommand)).rejects.toThrow(
        "is not authorized to perform",
      );
    }
    await remove();
  });
});

it("finds out at once that an artifact is gone", async () => {
  const result = await workflow.run();
  const { ModelDataUrl } = JSON.parse(result.description.output ?? "{}");
  await approve(3);
  await cloud.aws.s3().send(new DeleteObjectCommand(objectAt(ModelDataUrl)));
  const { error, cause } = failureOf(await workflow.release({ ModelPackageArn: `${versions}/3` }));
  expect([error, cause.reason]).toEqual(["PackageUnusable", `The artifact ${ModelDataUrl} no longer exists`]);
  expect(await counts()).toEqual({ endpoints: 1, configs: 2, models: 2 });
});

it.each([{}, { ModelPackageArn: 1 }, { ModelPackageArn: `${versions}-of-another/1` }])(
  "refuses the input %j",
  async (input) => {
    const { error, cause } = failureOf(await workflow.release(input));
    expect([error, cause.reason]).toEqual([
      "InvalidInput",
      expect.stringContaining(`beginning with ${versions}/`),
    ]);
  },
);
