/** A version on its way from one environment to another: here they share an account, on AWS they seldom do. */

import { createHash } from "node:crypto";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  type ModelApprovalStatus,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { ListExecutionsCommand } from "@aws-sdk/client-sfn";
import type { Environment } from "../../cli/account/environment";
import { objectAt } from "../../cli/account/objects";
import { promoteBetween } from "../../cli/promotion/promotion";
import { listVersions } from "../../cli/registry/model-versions";
import { workflowProps } from "../../configuration";
import { stateMachineArns } from "../../workflow/arns";
import { policyDocument, trustPolicy } from "../../workflow/iam";
import { approvalRule } from "../../workflow/resources";
import { approvalRole } from "../../workflow/roles";
import { until } from "../patience";
import { TestCloud } from "./cloud";
import { deployWithVersions, environmentIn, options } from "./promotion";

const versions = "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing";

let cloud: TestCloud;
const environment = (name: string) => environmentIn(cloud, name);

beforeAll(async () => {
  cloud = await TestCloud.start();
  await deployWithVersions(cloud);
  await cloud.deploy(workflowProps("dev"));
  await cloud.deploy({ ...workflowProps("staging"), approval: "manual" });
  await releaseWhatIsApproved("dev");
});

afterAll(() => cloud?.stop());

beforeEach(() => jest.spyOn(process.stdout, "write").mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

const said = () => jest.mocked(process.stdout.write).mock.calls.join("");

/** Makes the rule of approvals, which comes with Terraform otherwise. */
async function releaseWhatIsApproved(env: string): Promise<void> {
  const { endpoint, region, credentials } = cloud.aws.connection;
  const events = new EventBridgeClient({ endpoint, region, credentials });
  const scope = workflowProps(env);
  const place = { partition: "aws", region, account: "123456789012" };
  const { release: Arn } = stateMachineArns(scope, place);
  const role = approvalRole(scope, place, Arn);
  const { Role } = await cloud.aws.iam().send(
    new CreateRoleCommand({
      RoleName: role.namePrefix,
      AssumeRolePolicyDocument: JSON.stringify(trustPolicy(role, "123456789012")),
    }),
  );
  await cloud.aws.iam().send(
    new PutRolePolicyCommand({
      RoleName: role.namePrefix,
      PolicyName: "permissions",
      PolicyDocument: JSON.stringify(policyDocument(role.policyStatements)),
    }),
  );
  const { name: Name, eventPattern, inputPaths, inputTemplate } = approvalRule(scope);
  await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(eventPattern) }));
  const InputTransformer = { InputPathsMap: inputPaths, InputTemplate: inputTemplate };
  const target = { Id: "release", Arn, RoleArn: Role?.Arn, InputTransformer };
  await events.send(new PutTargetsCommand({ Rule: Name, Targets: [target] }));
}

const describePackage = (arn: string) =>
  cloud.aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: arn }));

async function decide(arn: string, status: ModelApprovalStatus): Promise<void> {
  const decision = { ModelPackageArn: arn, ModelApprovalStatus: status };
  await cloud.aws.sagemaker().send(new UpdateModelPackageCommand(decision));
}

async function versionsIn(env: string): Promise<number> {
  const group = { ModelPackageGroupName: `housing-${env}` };
  const { ModelPackageSummaryList = [] } = await cloud.aws
    .sagemaker()
    .send(new ListModelPackagesCommand(group));
  return ModelPackageSummaryList.length;
}

async function releasesIn(env: string): Promise<number> {
  const stateMachineArn = `arn:aws:states:us-east-1:123456789012:stateMachine:housing-${env}-release`;
  const { executions = [] } = await cloud.aws.sfn().send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.length;
}

async function content(url = ""): Promise<Buffer> {
  const { Body } = await cloud.aws.s3().send(new GetObjectCommand(objectAt(url)));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** Counts the uploads to an environment, and lets the connection break at the one after `limit`. */
function countUploads({ aws }: Environment, limit = Number.POSITIVE_INFINITY): () => number {
  let count = 0;
  aws.s3().middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === "PutObjectCommand" && count++ === limit) throw new Error("the line is cut");
        return await next(args);
      },
    { step: "initialize" },
  );
  return () => count;
}

it("registers nothing where copying was interrupted, and goes on from there", async () => {
  const cut = environment("staging");
  countUploads(cut, 1);
  await expect(promoteBetween(environment("local"), cut, undefined, options)).rejects.toThrow(
    "the line is cut",
  );
  expect(await versionsIn("staging")).toBe(0);
  const to = environment("staging");
  const uploads = countUploads(to);
  await promoteBetween(environment("local"), to, undefined, options);
  expect(await versionsIn("staging")).toBe(1);
  // Of artifact and metrics, one was there.
  expect(uploads()).toBe(1);
});

it("registers the copy as the version it is of, for a person to approve", async () => {
  const [original, copy] = await Promise.all([
    describePackage(`${versions}-local/2`),
    describePackage(`${versions}-staging/1`),
  ]);
  const [from, to] = [original, copy].map((found) => found.InferenceSpecification?.Containers?.[0]);
  const artifact = await content(from?.ModelDataUrl);
  expect(await content(to?.ModelDataUrl)).toEqual(artifact);
  expect(to?.ModelDataUrl).toMatch(
    /^s3:\/\/housing-staging-[0-9a-f]+\/model-artifacts\/promoted-local-v2-[0-9a-f]{8}\/output\/model\.tar\.gz$/,
  );
  expect(to).toMatchObject({ Image: from?.Image, Environment: from?.Environment });
  expect(copy).toMatchObject({
    ModelApprovalStatus: "PendingManualApproval",
    MetadataProperties: original.MetadataProperties,
    CustomerMetadataProperties: {
      ...original.CustomerMetadataProperties,
      promotedFrom: `${versions}-local/2`,
      modelSha256: createHash("sha256").update(artifact).digest("base64"),
    },
  });
  expect(await content(copy.ModelMetrics?.ModelQuality?.Statistics?.S3Uri)).toEqual(
    await content(original.ModelMetrics?.ModelQuality?.Statistics?.S3Uri),
  );
});

it("finds the version that it has registered before, and says what is to do", async () => {
  const to = environment("staging");
  const uploads = countUploads(to);
  await promoteBetween(environment("local"), to, 2, options);
  expect([await versionsIn("staging"), uploads()]).toEqual([1, 0]);
  expect(said()).toMatch(/ as {8}version 1, already registered, which is PendingManualApproval\n/);
  expect(said()).toMatch(/ local 2 +nothing in service\n[\s\S]* test_r2 +0\.\d{1,4} +-\n/);
  expect(said()).toContain("waits for approval: npm run approve -- staging 1");
});

it("releases it at once where nobody has to approve, and once only", async () => {
  await promoteBetween(environment("local"), environment("dev"), undefined, options);
  expect(said()).toContain("Version 1 is in service.");
  expect(await listVersions(environment("dev"))).toMatchObject([
    { version: 1, inService: true, properties: { promotedFrom: `${versions}-local/2` } },
  ]);
  await promoteBetween(environment("local"), environment("dev"), undefined, options);
  expect(said()).toContain("Version 1 of dev is this version, and is already in service.");
  // Neither the rule of approvals nor the second promotion has started another one.
  expect([await versionsIn("dev"), await releasesIn("dev")]).toEqual([1, 1]);
  // The rule would have heard: it does of what a person decides.
  await decide(`${versions}-dev/1`, "Rejected");
  await decide(`${versions}-dev/1`, "Approved");
  await until(async () => (await releasesIn("dev")) === 2);
});

it("promotes what was promoted", async () => {
  await promoteBetween(environment("dev"), environment("staging"), undefined, options);
  const { CustomerMetadataProperties } = await describePackage(`${versions}-staging/2`);
  expect(CustomerMetadataProperties).toMatchObject({ promotedFrom: `${versions}-dev/1`, metric: "test_r2" });
});

describe("it fails before anything is made", () => {
  it("where a file is not what was registered", async () => {
    const { ModelMetrics } = await describePackage(`${versions}-local/2`);
    const url = ModelMetrics?.ModelQuality?.Statistics?.S3Uri ?? "";
    const before = await content(url);
    const put = (Body: Buffer) =>
      cloud.aws.s3().send(new PutObjectCommand({ ...objectAt(url), Body, ChecksumAlgorithm: "SHA256" }));
    await put(Buffer.from('{"test_r2": 0.99}'));
    const target = environment("staging");
    const uploads = countUploads(target);
    await expect(promoteBetween(environment("local"), target, 2, options)).rejects.toThrow(
      `PackageUnusable: the SHA-256 of ${url} of version 2 of local must be `,
    );
    expect(uploads()).toBe(0);
    await put(before);
  });

  it.each([
    ["prod", "dev", 1, "No version is registered yet"],
    ["local", "prod", 1, "The workflow housing-prod is not deployed in prod"],
    ["local", "dev", 9, "The version must be one of 2, 1, got 9"],
    [
      "staging",
      "dev",
      undefined,
      "No version is in service in staging: pass the number of the version to promote\nVersions (newest first)",
    ],
    ["staging", "dev", 1, "must be Approved, got PendingManualApproval"],
  ])("from %s to %s, version %s", async (from, to, version, reason) => {
    const target = environment(to);
    const uploads = countUploads(target);
    await expect(promoteBetween(environment(from), target, version, options)).rejects.toThrow(reason);
    expect(uploads()).toBe(0);
  });

  it("where the version was rejected in the other environment", async () => {
    await decide(`${versions}-staging/1`, "Rejected");
    const promoted = promoteBetween(environment("local"), environment("staging"), 2, options);
    await expect(promoted).rejects.toThrow("Version 1 of staging is this version, and was rejected there");
  });

  it("where the artifact is gone", async () => {
    const { InferenceSpecification } = await describePackage(`${versions}-local/1`);
    const url = InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "";
    await cloud.aws.s3().send(new DeleteObjectCommand(objectAt(url)));
    const promoted = promoteBetween(environment("local"), environment("staging"), 1, options);
    await expect(promoted).rejects.toThrow(`${url} of version 1 of local no longer exists`);
    expect(await versionsIn("staging")).toBe(2);
  });
});
