/** What an account holds of the kinds that `npm start` makes, so that two accounts can be compared. */

import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import {
  GetFunctionCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
} from "@aws-sdk/client-lambda";
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { ListModelPackageGroupsCommand } from "@aws-sdk/client-sagemaker";
import { ListScheduleGroupsCommand } from "@aws-sdk/client-scheduler";
import { DescribeStateMachineCommand, ListStateMachinesCommand } from "@aws-sdk/client-sfn";
import type { Aws } from "../../cli/account/clients";

/** Everything of the workflow in the account; what is unique to one account is replaced by placeholders. */
export async function describeAccount(aws: Aws, baseName: string) {
  const [buckets, roles, functions, machines, logGroups, registries] = await Promise.all([
    describeBuckets(aws, baseName),
    describeRoles(aws, baseName),
    describeFunctions(aws),
    describeMachines(aws),
    describeLogGroups(aws, baseName),
    describeRegistries(aws),
  ]);
  const text = JSON.stringify({ buckets, roles, functions, machines, logGroups, registries })
    .replace(
      new RegExp(
        `${baseName}-(prep|train|compare|monitor|sagemaker|states|release|watch|retrain|evaluate|smoke)-[0-9a-zA-Z]+`,
        "g",
      ),
      `${baseName}-$1-ID`,
    )
    .replace(new RegExp(`${baseName}-[0-9a-f]{16,}`, "g"), `${baseName}-ID`);
  return JSON.parse(text);
}

/** The names of what the account holds, finished or not; empty after a destroy. */
export async function namesIn(aws: Aws, baseName: string): Promise<string[]> {
  const [
    { Buckets = [] },
    { Roles = [] },
    { Functions = [] },
    { stateMachines = [] },
    { logGroups = [] },
    registries,
    scheduleGroups,
  ] = await Promise.all([
    aws.s3().send(new ListBucketsCommand({})),
    aws.iam().send(new ListRolesCommand({})),
    aws.lambda().send(new ListFunctionsCommand({})),
    aws.sfn().send(new ListStateMachinesCommand({})),
    aws.logs().send(new DescribeLogGroupsCommand({})),
    describeRegistries(aws),
    scheduleGroupNames(aws),
  ]);
  return [
    ...Buckets.map(({ Name }) => Name),
    ...Roles.map(({ RoleName }) => RoleName),
    ...Functions.map(({ FunctionName }) => FunctionName),
    ...stateMachines.map((machine) => machine.name),
    ...logGroups.map(({ logGroupName }) => logGroupName),
    ...registries.map((registry) => registry.name),
    ...scheduleGroups,
  ].filter((one = "") => one.includes(baseName) && !one.startsWith("tfstate-")) as string[];
}

async function describeBuckets(aws: Aws, baseName: string) {
  const s3 = aws.s3();
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({ Prefix: `${baseName}-` }));
  return await Promise.all(
    Buckets.map(async ({ Name: Bucket = "" }) => {
      const [versioning, encryption, access, policy, lifecycle, tags, objects] = await Promise.all([
        s3.send(new GetBucketVersioningCommand({ Bucket })),
        s3.send(new GetBucketEncryptionCommand({ Bucket })),
        s3.send(new GetPublicAccessBlockCommand({ Bucket })),
        s3.send(new GetBucketPolicyCommand({ Bucket })),
        s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
        s3.send(new GetBucketTaggingCommand({ Bucket })),
        s3.send(new ListObjectsV2Command({ Bucket, Prefix: "code/" })),
      ]);
      return {
        name: Bucket,
        versioning: versioning.Status,
        encryption: encryption.ServerSideEncryptionConfiguration,
        access: access.PublicAccessBlockConfiguration,
        policy: JSON.parse(policy.Policy ?? "{}"),
        lifecycle: lifecycle.Rules,
        tags: sorted(tags.TagSet),
        objects: objects.Contents?.map(({ Key }) => Key),
      };
    }),
  );
}

async function describeRoles(aws: Aws, baseName: string) {
  const iam = aws.iam();
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const ours = Roles.filter(
    ({ RoleName }) => RoleName?.startsWith(`${baseName}-`) && !isOfTerraform(RoleName),
  );
  const described = await Promise.all(
    ours.map(async ({ RoleName }) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      const policies = await Promise.all(
        PolicyNames.map(async (PolicyName) => {
          const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
          return { PolicyName, document: JSON.parse(decodeURIComponent(PolicyDocument)) };
        }),
      );
      return {
        name: RoleName ?? "",
        description: Role?.Description,
        trust: JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")),
        policies,
        tags: sorted(Role?.Tags),
      };
    }),
  );
  return described.sort((a, b) => a.name.localeCompare(b.name));
}

async function describeFunctions(aws: Aws) {
  const lambda = aws.lambda();
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const byName = [...Functions].sort((a, b) => (a.FunctionName ?? "").localeCompare(b.FunctionName ?? ""));
  return await Promise.all(
    byName
      .filter((one) => !isOfTerraform(one.FunctionName))
      .map(async ({ FunctionName }) => {
        const { Configuration, Tags } = await lambda.send(new GetFunctionCommand({ FunctionName }));
        const { Versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
        return {
          name: FunctionName ?? "",
          role: Configuration?.Role,
          runtime: Configuration?.Runtime,
          handler: Configuration?.Handler,
          timeout: Configuration?.Timeout,
          memory: Configuration?.MemorySize,
          tracing: Configuration?.TracingConfig?.Mode,
          environment: Configuration?.Environment?.Variables ?? {},
          versions: Versions.map(({ Version }) => Version),
          tags: Tags,
        };
      }),
  );
}

async function describeMachines(aws: Aws) {
  const sfn = aws.sfn();
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const byName = [...stateMachines].sort((a, b) => (a.name ?? "").localeCompare(b.name ?? ""));
  return await Promise.all(
    byName.map(async ({ stateMachineArn }) => {
      const { name, type, roleArn, definition, loggingConfiguration, tracingConfiguration } = await sfn.send(
        new DescribeStateMachineCommand({ stateMachineArn }),
      );
      // Terraform leaves out what is false.
      const logging = { includeExecutionData: false, ...loggingConfiguration };
      return { name, type, roleArn, definition, logging, tracingConfiguration };
    }),
  );
}

async function describeLogGroups(aws: Aws, baseName: string) {
  const { logGroups = [] } = await aws.logs().send(new DescribeLogGroupsCommand({}));
  return logGroups
    .filter(({ logGroupName = "" }) => logGroupName.includes(baseName) && !isOfTerraform(logGroupName))
    .map(({ logGroupName = "", retentionInDays }) => ({ name: logGroupName, retentionInDays }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

async function scheduleGroupNames(aws: Aws) {
  const { ScheduleGroups = [] } = await aws.scheduler().send(new ListScheduleGroupsCommand({}));
  return ScheduleGroups.map(({ Name }) => Name).sort();
}

async function describeRegistries(aws: Aws) {
  const sagemaker = aws.sagemaker();
  const { ModelPackageGroupSummaryList = [] } = await sagemaker.send(new ListModelPackageGroupsCommand({}));
  return ModelPackageGroupSummaryList.map(({ ModelPackageGroupName, ModelPackageGroupDescription }) => ({
    name: ModelPackageGroupName,
    description: ModelPackageGroupDescription,
  }));
}

/** Rules, notifications and A/B tests come through Terraform only, and so do their roles, functions and logs. */
function isOfTerraform(name = ""): boolean {
  return /-(approved|notify|webhook|schedule|control|look|experiment-controller)(-|$)/.test(name);
}

function sorted(tags: readonly { readonly Key?: string; readonly Value?: string }[] = []): string[] {
  return tags.map(({ Key, Value }) => `${Key}=${Value}`).sort();
}
