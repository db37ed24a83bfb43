/** Registered versions: approval by a person, releases, and what makes one impossible. */

import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import {
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { objectAt } from "../../cli/aws";
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

it("finds out at once that an artifact is gone", async () => {
  const result = await workflow.run();
  const { ModelDataUrl } = JSON.parse(result.description.output ?? "{}");
  await approve(3);
  await cloud.aws.s3().send(new DeleteObjectCommand(objectAt(ModelDataUrl)));
  const { error, cause } = failureOf(await workflow.release({ ModelPackageArn: `${versions}/3` }));
  expect([error, cause.reason]).toEqual(["PackageUnusable", `The artifact ${ModelDataUrl} is gone`]);
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
