import { randomBytes } from "node:crypto";
import { CreateLogGroupCommand, PutRetentionPolicyCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, type Runtime, waitUntilFunctionActiveV2 } from "@aws-sdk/client-lambda";
import { PutBucketLifecycleConfigurationCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateModelPackageGroupCommand } from "@aws-sdk/client-sagemaker";
import {
  CreateStateMachineCommand,
  DescribeStateMachineCommand,
  StateMachineDoesNotExist,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { contentHash, scriptKey } from "../../source-files";
import { arn, type Place } from "../../workflow/arns";
import { bucketNamePrefix, codeKey, lifecycleRules } from "../../workflow/bucket";
import type { CaptureSettings } from "../../workflow/endpoint/capture";
import { captureOf } from "../../workflow/endpoint/kinds";
import {
  evaluationFunction,
  type FunctionDescription,
  resultsCacheFunction,
  smokeTestFunction,
} from "../../workflow/functions";
import { policyDocument, trustPolicy } from "../../workflow/iam";
import { defaultImage, type ImageProps, imageRepositoryArn } from "../../workflow/image";
import { scriptFolders, type WorkflowProps, workflowSettings } from "../../workflow/props";
import {
  defaultLogRetentionInDays,
  modelPackageGroup,
  monitorStateMachine,
  releaseStateMachine,
  resourceTags,
  retrainStateMachine,
  type StateMachineDescription,
  workflowStateMachine,
} from "../../workflow/resources";
import { type RoleDescription, sageMakerRoles } from "../../workflow/roles";
import type { WorkflowReferences } from "../../workflow/settings";
import { createBucket, secureBucket } from "../account/buckets";
import type { Aws } from "../account/clients";
import type { EmulatorAddress } from "../account/emulator-address";
import { tagList } from "../account/tags";
import { packFolder } from "./archives";

/**
 * AWS's account for these images in us-east-1, the emulator's region. Terraform's provider has all regions.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/dg/pre-built-docker-containers-scikit-learn-spark.html
 */
const imageRegistry = "683313688378.dkr.ecr.us-east-1.amazonaws.com";

/** What an execution in the emulator needs. */
export interface LocalWorkflow {
  readonly stateMachineArn: string;
  readonly releaseStateMachineArn: string;
  readonly bucketName: string;
  readonly dataBucketName: string;
  /** What its definitions name. */
  readonly references: WorkflowReferences;
}

/** Creates the workflow's resources in the emulator, from the same plain data that the constructs use for Terraform. */
export async function createLocalResources(
  aws: Aws,
  { account, region }: EmulatorAddress,
  props: WorkflowProps,
  kmsKeyArn?: string,
): Promise<LocalWorkflow> {
  const partition = "aws";
  const tags = resourceTags(props);
  const image: ImageProps = props.image ?? defaultImage;
  const imageUri = image.uri ?? `${imageRegistry}/${image.repository}:${image.tag}`;
  const settings = workflowSettings(props, scriptKey);

  const bucketName = `${bucketNamePrefix(props)}${randomBytes(8).toString("hex")}`;
  await createArtifactBucket(aws, bucketName, { tags, kmsKeyArn, capture: captureOf(settings.endpoint) });
  const dataBucketName = props.data?.bucketName ?? bucketName;
  // On AWS this bucket already exists.
  if (dataBucketName !== bucketName) await createBucket(aws, dataBucketName);
  const base = {
    partition,
    region,
    account,
    bucketName,
    dataBucketName,
    imageUri,
    imageRepositoryArn: imageRepositoryArn(imageUri, partition),
    kmsKeyArn,
  };
  const roles = sageMakerRoles(settings, base);
  const [prep, train, compare, monitor, serving, evaluationArn, smokeTestArn, cacheArn] = await Promise.all([
    createRole(aws, roles.prep, account, tags),
    createRole(aws, roles.train, account, tags),
    roles.compare && createRole(aws, roles.compare, account, tags),
    roles.monitor && createRole(aws, roles.monitor, account, tags),
    createRole(aws, roles.serving, account, tags),
    createFunction(aws, evaluationFunction(props, base), account, tags),
    settings.smokeTest && createFunction(aws, smokeTestFunction(props, base), account, tags),
    settings.cache && createFunction(aws, resultsCacheFunction(settings, base), account, tags),
    uploadCode(aws, bucketName, props),
  ]);
  const workflow = {
    settings,
    references: {
      ...base,
      roleArns: { prep, train, compare, monitor, serving },
      evaluationFunctionVersionArn: evaluationArn,
      smokeTestFunctionVersionArn: smokeTestArn,
      resultsCacheFunctionVersionArn: cacheArn,
    },
  };
  const group = modelPackageGroup(props);
  const more = [monitorStateMachine(workflow), retrainStateMachine(workflow)];
  const [stateMachineArn, releaseStateMachineArn] = await Promise.all([
    createStateMachine(aws, workflowStateMachine(workflow), base, tags),
    createStateMachine(aws, releaseStateMachine(workflow), base, tags),
    Promise.all(more.map((machine) => machine && createStateMachine(aws, machine, base, tags))),
    aws.sagemaker().send(
      new CreateModelPackageGroupCommand({
        ModelPackageGroupName: group.name,
        ModelPackageGroupDescription: group.description,
        Tags: tagList(tags),
      }),
    ),
  ]);
  const { references } = workflow;
  return { stateMachineArn, releaseStateMachineArn, bucketName, dataBucketName, references };
}

/**
 * Deploys scripts that have changed, and what else of the props reaches the definition; a change of resources does not.
 *
 * @returns the state machine as it is deployed now
 */
export async function redeploy(
  aws: Aws,
  props: WorkflowProps,
  { bucketName, references }: LocalWorkflow,
): Promise<StateMachineDescription> {
  const workflow = { settings: workflowSettings(props, scriptKey), references };
  const machine = workflowStateMachine(workflow);
  const more = [monitorStateMachine(workflow), retrainStateMachine(workflow)];
  await Promise.all([
    uploadCode(aws, bucketName, props),
    putStateMachine(aws, machine, references, resourceTags(props)),
    ...more.map((one) => one && putStateMachine(aws, one, references, resourceTags(props))),
  ]);
  return machine;
}

/** Updates a state machine and what its role may do, or creates both; returns its ARN. */
export async function putStateMachine(
  aws: Aws,
  machine: StateMachineDescription,
  place: Place,
  tags: Record<string, string>,
): Promise<string> {
  const stateMachineArn = arn(place, "states", `stateMachine:${machine.name}`);
  const sfn = aws.sfn();
  try {
    const { roleArn = "" } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    await putPermissions(aws, roleArn.split("/").at(-1) as string, machine.role);
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: machine.definition }));
    return stateMachineArn;
  } catch (error) {
    if (!(error instanceof StateMachineDoesNotExist)) throw error;
    return await createStateMachine(aws, machine, place, tags);
  }
}

/** Uploads every folder of scripts under a key with the hash of its content. */
export async function uploadCode(aws: Aws, Bucket: string, props: WorkflowProps): Promise<void> {
  await Promise.all(
    scriptFolders(props).map(async (folder) =>
      aws.s3().send(
        new PutObjectCommand({
          Bucket,
          Key: codeKey(folder, contentHash(folder)),
          Body: await packFolder(folder, "tar.gz"),
          ContentType: "application/gzip",
          Tagging: new URLSearchParams(resourceTags(props)).toString(),
        }),
      ),
    ),
  );
}

async function createStateMachine(
  aws: Aws,
  machine: StateMachineDescription,
  place: Place,
  tags: Record<string, string>,
): Promise<string> {
  const roleArn = await createRole(aws, machine.role, place.account, tags);
  await createLogGroup(aws, machine.logGroupName, tags);
  const logGroupArn = arn(place, "logs", `log-group:${machine.logGroupName}:*`);
  const { stateMachineArn } = await aws.sfn().send(
    new CreateStateMachineCommand({
      name: machine.name,
      roleArn,
      definition: machine.definition,
      type: "STANDARD",
      loggingConfiguration: {
        ...machine.logging,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
      },
      tracingConfiguration: { enabled: true },
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    }),
  );
  return stateMachineArn as string;
}

async function createArtifactBucket(
  aws: Aws,
  Bucket: string,
  {
    capture,
    ...secured
  }: { tags: Record<string, string>; kmsKeyArn: string | undefined; capture: CaptureSettings | undefined },
): Promise<void> {
  await createBucket(aws, Bucket);
  await secureBucket(aws, Bucket, secured);
  await aws.s3().send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: lifecycleRules(capture).map(({ id, prefix = "", ...days }) => ({
          ID: id,
          Status: "Enabled",
          Filter: { Prefix: prefix },
          ...(days.expirationDays !== undefined && { Expiration: { Days: days.expirationDays } }),
          ...(days.noncurrentVersionDays !== undefined && {
            NoncurrentVersionExpiration: { NoncurrentDays: days.noncurrentVersionDays },
          }),
          ...(days.unfinishedUploadDays !== undefined && {
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: days.unfinishedUploadDays },
          }),
        })),
      },
    }),
  );
}

export async function createRole(
  aws: Aws,
  role: RoleDescription,
  account: string,
  tags: Record<string, string>,
): Promise<string> {
  const RoleName = `${role.namePrefix}${randomBytes(6).toString("hex")}`;
  const { Role } = await aws.iam().send(
    new CreateRoleCommand({
      RoleName,
      Description: role.description,
      AssumeRolePolicyDocument: JSON.stringify(trustPolicy(role, account)),
      Tags: tagList(tags),
    }),
  );
  await putPermissions(aws, RoleName, role);
  return Role?.Arn as string;
}

async function putPermissions(aws: Aws, RoleName: string, role: RoleDescription): Promise<void> {
  await aws.iam().send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: "permissions",
      PolicyDocument: JSON.stringify(policyDocument(role.policyStatements)),
    }),
  );
}

/** Creates a function with its role and log group, and returns the ARN of its version. */
export async function createFunction(
  aws: Aws,
  description: FunctionDescription,
  account: string,
  tags: Record<string, string>,
): Promise<string> {
  const [Role, ZipFile] = await Promise.all([
    createRole(aws, description.role, account, tags),
    packFolder(description.folder, "zip"),
    createLogGroup(aws, description.logGroupName, tags),
  ]);
  const { FunctionArn, Version } = await aws.lambda().send(
    new CreateFunctionCommand({
      FunctionName: description.name,
      Description: description.description,
      Role,
      Code: { ZipFile },
      Runtime: description.runtime satisfies Runtime,
      Handler: description.handler,
      Timeout: description.timeoutSeconds,
      MemorySize: description.memorySizeInMB,
      TracingConfig: { Mode: "Active" },
      Environment: description.variables && { Variables: { ...description.variables } },
      Publish: true,
      Tags: tags,
    }),
  );
  await waitUntilFunctionActiveV2(
    { client: aws.lambda(), maxWaitTime: 60 },
    { FunctionName: description.name },
  );
  return FunctionArn?.endsWith(`:${Version}`) ? FunctionArn : `${FunctionArn}:${Version}`;
}

async function createLogGroup(aws: Aws, logGroupName: string, tags: Record<string, string>): Promise<void> {
  await aws.logs().send(new CreateLogGroupCommand({ logGroupName, tags }));
  await aws
    .logs()
    .send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: defaultLogRetentionInDays }));
}
