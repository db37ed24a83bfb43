import { paginateListRoles } from "@aws-sdk/client-iam";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetScheduleGroupCommand } from "@aws-sdk/client-scheduler";
import { workflowProps } from "../../configuration";
import { arn } from "../../workflow/arns";
import type { ExperimentDecision } from "../../workflow/experiments";
import { experimentControllerName, experimentGroupName } from "../../workflow/experiments";
import { prefixes } from "../../workflow/prefixes";
import type { WorkflowProps } from "../../workflow/props";
import { experimentScheduleRolePrefix } from "../../workflow/roles";
import { findArtifactBucket } from "../account/buckets";
import { type Environment, openEnvironment } from "../account/environment";
import { readJson } from "../account/objects";
import { ignoreMissing, UsageError } from "../terminal/errors";

/** An environment with deployed A/B tests. */
export interface ExperimentTarget {
  readonly environment: Environment;
  readonly workflow: WorkflowProps;
  readonly bucketName: string;
  /** ARNs of the schedule group, the controller and the schedule's role. */
  readonly groupArn: string;
  readonly controllerArn: string;
  readonly scheduleRoleArn: string;
}

/** Opens the environment `name`; see `resolveExperiments`. */
export async function experimentTarget(name: string): Promise<ExperimentTarget> {
  const environment = openEnvironment(name);
  return await resolveExperiments(environment, workflowProps(name), await findArtifactBucket(environment));
}

/**
 * Finds the resources of A/B tests in an environment.
 *
 * @throws UsageError if they are not deployed
 */
export async function resolveExperiments(
  environment: Environment,
  workflow: WorkflowProps,
  bucketName: string | undefined,
): Promise<ExperimentTarget> {
  const groupArn = await findGroup(environment, experimentGroupName(environment.baseName));
  const scheduleRoleArn = await findRole(environment, experimentScheduleRolePrefix(workflow));
  if (groupArn === undefined || scheduleRoleArn === undefined || bucketName === undefined) {
    throw new UsageError(
      `Environment ${environment.name} has no resources for A/B tests: set its experiments: true in config.ts, and run npm run deploy -- ${environment.name}`,
    );
  }
  return {
    environment,
    workflow,
    bucketName,
    groupArn,
    controllerArn: arn(
      await environment.aws.place(),
      "lambda",
      `function:${experimentControllerName(workflow)}`,
    ),
    scheduleRoleArn,
  };
}

async function findGroup({ aws }: Environment, Name: string): Promise<string | undefined> {
  try {
    return (await aws.scheduler().send(new GetScheduleGroupCommand({ Name }))).Arn;
  } catch (error) {
    ignoreMissing(error);
    return undefined;
  }
}

/** Finds a role by prefix, because its name has a random suffix. */
async function findRole({ aws }: Environment, prefix: string): Promise<string | undefined> {
  for await (const { Roles = [] } of paginateListRoles({ client: aws.iam() }, {})) {
    const found = Roles.find(
      ({ RoleName }) => RoleName?.startsWith(prefix) && !RoleName.slice(prefix.length).includes("-"),
    );
    if (found !== undefined) return found.Arn;
  }
  return undefined;
}

/** Reads the controller's last decision on a test; undefined before its first check. */
export async function readDecision(
  { environment, bucketName }: ExperimentTarget,
  experiment: string,
): Promise<ExperimentDecision | undefined> {
  const Key = `${prefixes.experiments}${environment.baseName}/${experiment}/decision.json`;
  const found = await readJson(environment.aws, { Bucket: bucketName, Key });
  return found as ExperimentDecision | undefined;
}

/** Lists all tests that the controller has checked, the latest first. */
export async function pastExperiments({ environment, bucketName }: ExperimentTarget): Promise<string[]> {
  const Prefix = `${prefixes.experiments}${environment.baseName}/`;
  const found: { name: string; time: number }[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await environment.aws
      .s3()
      .send(new ListObjectsV2Command({ Bucket: bucketName, Prefix, ContinuationToken }));
    for (const { Key = "", LastModified } of page.Contents ?? []) {
      const [name = "", file] = Key.slice(Prefix.length).split("/");
      if (file === "state.json") found.push({ name, time: LastModified?.getTime() ?? 0 });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return found.sort((a, b) => b.time - a.time).map(({ name }) => name);
}
