/** What the person who promotes must be allowed: enough, and nothing in vain. */

import { ListExecutionsCommand } from "@aws-sdk/client-sfn";
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
import { Person } from "./person";
import { deployWithVersions, environmentIn, options } from "./promotion";

const account = { partition: "aws", region: "us-east-1", account: "123456789012" };
const dev = "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing-dev";
const documents = {
  from: policyDocument(sourcePermissions({ ...workflowProps("local"), ...account })) as PolicyDocument,
  to: policyDocument(destinationPermissions({ ...workflowProps("dev"), ...account })) as PolicyDocument,
};
type Contender = keyof typeof documents;

let cloud: TestCloud;
const people = {} as Record<Contender, Person>;
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

/** The environment with the credentials of a person who has the permissions of its side, and no others. */
async function asPerson(side: Contender, environment: Environment): Promise<Environment> {
  people[side] = await Person.create(cloud, `promotes-${side}`, documents[side]);
  Object.assign(environment.aws, people[side].clients);
  return environment;
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
  const before = await people[side].denials(action);
  await people[side].allowOnly(without(documents[side], grant));
  await expect(promoteBetween(person.from, person.to, 2, options)).rejects.toThrow();
  await people[side].allowOnly(documents[side]);
  expect(await people[side].denials(action)).toBeGreaterThan(before);
});
