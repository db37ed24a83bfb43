/** What the person who promotes must be allowed: enough, and nothing in vain. */

import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { deleteVersions, findArtifactBucket, objectVersions } from "../../cli/account/buckets";
import type { Environment } from "../../cli/account/environment";
import { destinationPermissions, sourcePermissions } from "../../cli/promotion/permissions";
import { promoteBetween } from "../../cli/promotion/promotion";
import { releaseVersion } from "../../cli/registry/release";
import { workflowProps } from "../../configuration";
import { policyDocument } from "../../workflow/iam";
import { type Grant, grantsIn, type PolicyDocument, without } from "../grants";
import { until } from "../patience";
import { TestCloud } from "./cloud";
import { deployWithVersions, environmentIn, options } from "./promotion";

const account = { partition: "aws", region: "us-east-1", account: "123456789012" };
const dev = "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing-dev";
const documents = {
  from: policyDocument(sourcePermissions({ ...workflowProps("local"), ...account })) as PolicyDocument,
  to: policyDocument(destinationPermissions({ ...workflowProps("dev"), ...account })) as PolicyDocument,
};
type Contender = keyof typeof documents;

let cloud: TestCloud;
const person = {} as Record<Contender, Environment>;

beforeAll(async () => {
  cloud = await TestCloud.start();
  await deployWithVersions(cloud);
  await cloud.deploy(workflowProps("dev"));
  person.from = await asPerson("from", environmentIn(cloud, "local"));
  person.to = await asPerson("to", environmentIn(cloud, "dev"));
});

afterAll(() => cloud?.stop());

beforeEach(() => jest.spyOn(process.stdout, "write").mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

/** The environment with the credentials of a role that has the permissions of its side, and no others. */
async function asPerson(side: Contender, environment: Environment): Promise<Environment> {
  const RoleName = `promotes-${side}`;
  const trust = { Effect: "Allow", Principal: { AWS: "123456789012" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role } = await cloud.aws.iam().send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await allowOnly(side, documents[side]);
  const session = { RoleArn: Role?.Arn, RoleSessionName: "person" };
  const { Credentials } = await cloud.aws.sts().send(new AssumeRoleCommand(session));
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = Credentials ?? {};
  const { endpoint, region } = cloud.aws.connection;
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  const config = { endpoint, region, credentials };
  const clients = {
    s3: new S3Client({ ...config, forcePathStyle: true }),
    sagemaker: new SageMakerClient(config),
    sfn: new SFNClient(config),
    sts: new STSClient(config),
  };
  for (const [name, client] of Object.entries(clients)) {
    Object.assign(environment.aws, { [name]: () => client });
  }
  return environment;
}

async function allowOnly(side: Contender, document: PolicyDocument): Promise<void> {
  const policy = { RoleName: `promotes-${side}`, PolicyName: "permissions" };
  await cloud.aws
    .iam()
    .send(new PutRolePolicyCommand({ ...policy, PolicyDocument: JSON.stringify(document) }));
}

async function denials(side: Contender, action: string): Promise<number> {
  const uses = (await cloud.audit()).find(({ name }) => name === `promotes-${side}`)?.uses ?? [];
  return uses.reduce((sum, use) => sum + (use.action === action ? use.denied : 0), 0);
}

/** Puts the first version back in service, once nothing is released any more. */
async function firstServes(): Promise<void> {
  const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:housing-dev-release";
  const running = { stateMachineArn, statusFilter: "RUNNING" } as const;
  await until(
    async () => (await cloud.aws.sfn().send(new ListExecutionsCommand(running))).executions?.length === 0,
  );
  await releaseVersion(environmentIn(cloud, "dev"), `${dev}/1`, options);
}

/** Removes what was copied, so that it is copied again. */
async function forgetCopies(): Promise<void> {
  const to = environmentIn(cloud, "dev");
  const bucketName = (await findArtifactBucket(to)) as string;
  const objects = [];
  const copies = "model-artifacts/promoted-local-v2-";
  for await (const object of objectVersions(to.aws, bucketName, copies)) objects.push(object);
  await deleteVersions(to.aws, bucketName, objects, () => {});
}

it("suffices", async () => {
  await promoteBetween(person.from, person.to, 1, options);
  expect(process.stdout.write).toHaveBeenLastCalledWith(
    "Version 1 is in service. All versions: npm run versions -- dev\n",
  );
});

const grants = (["from", "to"] as const).flatMap((side) =>
  grantsIn(documents[side]).map((grant): [Contender, string, string, Grant] => [
    side,
    grant.action,
    grant.resource,
    grant,
  ]),
);

it.each(grants)("%s: nothing goes without %s on %s", async (side, action, _, grant) => {
  if (/^states:(?!DescribeStateMachine)/.test(action)) await firstServes();
  if (action.startsWith("s3:")) await forgetCopies();
  const before = await denials(side, action);
  await allowOnly(side, without(documents[side], grant));
  await expect(promoteBetween(person.from, person.to, 2, options)).rejects.toThrow();
  await allowOnly(side, documents[side]);
  expect(await denials(side, action)).toBeGreaterThan(before);
});
