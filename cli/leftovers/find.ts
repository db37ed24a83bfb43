import { paginateDescribeLogGroups, paginateDescribeLogStreams } from "@aws-sdk/client-cloudwatch-logs";
import type { ObjectIdentifier } from "@aws-sdk/client-s3";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type ProductionVariant,
  paginateListEndpointConfigs,
  paginateListEndpoints,
  paginateListHyperParameterTuningJobs,
  paginateListModelPackages,
  paginateListModels,
} from "@aws-sdk/client-sagemaker";
import { type JobKind, jobKinds, jobLogGroup } from "../../workflow/job-kinds";
import { prefixes } from "../../workflow/prefixes";
import { findArtifactBucket, objectVersions } from "../account/buckets";
import { endpointNames } from "../account/endpoint-kind";
import type { Environment } from "../account/environment";
import { ownedBy, ownerOf } from "../account/ownership";
import { endpointCostPerDay } from "../costs/endpoint-cost";
import { runningExperiments } from "../experiment/schedules";
import { ignoreMissing, isMissing } from "../terminal/errors";

/** A resource that an execution created and Terraform does not manage. */
interface Leftover {
  readonly name: string;
  readonly since?: Date;
  /** In USD per day; absent if it costs nothing on its own, or its price is unknown. */
  readonly costPerDay?: number;
}

/** What executions created. */
export interface Leftovers {
  /** Names of the running A/B tests, whose schedules are removed first. */
  readonly experiments: readonly string[];
  /** Tuning jobs that still start training jobs. */
  readonly tuningJobs: readonly Leftover[];
  readonly endpoints: readonly Leftover[];
  readonly endpointConfigs: readonly Leftover[];
  readonly models: readonly Leftover[];
  /** Registered versions, by their ARNs. */
  readonly modelPackages: readonly Leftover[];
  readonly logGroups: readonly Leftover[];
  readonly logStreams: readonly LogStream[];
  /** Objects in the artifact bucket, with all their versions. */
  readonly objects: readonly ObjectIdentifier[];
  readonly bucketName?: string;
}

interface LogStream extends Leftover {
  readonly group: string;
}

/** Prefixes that executions write; other objects in the bucket stay. */
export const writtenPrefixes = [
  prefixes.processedData,
  prefixes.trainingOutput,
  prefixes.modelArtifacts,
  prefixes.executionCode,
  prefixes.cache,
  prefixes.experiments,
  prefixes.monitorReports,
  prefixes.latestReports,
  prefixes.retrainingDecisions,
  prefixes.retrainingReset,
];

/** Finds what executions created, by name and tag. */
export async function findLeftovers(environment: Environment): Promise<Leftovers> {
  const [experiments, tuningJobs, endpoints, endpointConfigs, models, modelPackages, bucketName] =
    await Promise.all([
      runningExperiments(environment),
      findTuningJobs(environment),
      findEndpoints(environment),
      findEndpointConfigs(environment),
      findModels(environment),
      findModelPackages(environment),
      findArtifactBucket(environment),
    ]);
  const objects: ObjectIdentifier[] = [];
  if (bucketName !== undefined) {
    for (const prefix of writtenPrefixes) {
      for await (const version of objectVersions(environment.aws, bucketName, prefix)) objects.push(version);
    }
  }
  return {
    experiments,
    tuningJobs,
    endpoints,
    endpointConfigs,
    models,
    modelPackages,
    logGroups: await endpointLogs(environment, endpoints),
    logStreams: await jobLogs(environment),
    objects,
    bucketName,
  };
}

/** Returns the configurations and models in `found` that no endpoint uses. */
export async function superseded({ aws }: Environment, found: Leftovers): Promise<Leftovers> {
  const used = new Set<string>();
  for (const { name } of found.endpoints) {
    const { EndpointConfigName, PendingDeploymentSummary } = await aws
      .sagemaker()
      .send(new DescribeEndpointCommand({ EndpointName: name }));
    for (const config of [EndpointConfigName, PendingDeploymentSummary?.EndpointConfigName]) {
      if (config === undefined) continue;
      used.add(config);
      for (const { ModelName } of await variantsOf(aws, config)) {
        if (ModelName !== undefined) used.add(ModelName);
      }
    }
  }
  return {
    ...nothing,
    endpointConfigs: found.endpointConfigs.filter(({ name }) => !used.has(name)),
    models: found.models.filter(({ name }) => !used.has(name)),
  };
}

/** Empty leftovers, to build others from. */
export const nothing: Leftovers = {
  experiments: [],
  tuningJobs: [],
  endpoints: [],
  endpointConfigs: [],
  models: [],
  modelPackages: [],
  logGroups: [],
  logStreams: [],
  objects: [],
};

/** Whether nothing was found. */
export function isEmpty(found: Leftovers): boolean {
  return [
    found.experiments,
    found.tuningJobs,
    found.endpoints,
    found.endpointConfigs,
    found.models,
    found.modelPackages,
    found.logGroups,
    found.logStreams,
    found.objects,
  ].every((list) => list.length === 0);
}

/** Finds tuning jobs that run, as after an execution that could not stop its own. */
export async function findTuningJobs(environment: Environment): Promise<Leftover[]> {
  const found: Named[] = [];
  const client = environment.aws.sagemaker();
  const search = { ...nameSearch(environment), StatusEquals: "InProgress" } as const;
  for await (const page of paginateListHyperParameterTuningJobs({ client }, search)) {
    for (const job of page.HyperParameterTuningJobSummaries ?? []) {
      const { HyperParameterTuningJobName: name, HyperParameterTuningJobArn: arn, CreationTime: since } = job;
      found.push({ name, arn, since });
    }
  }
  return await owned(environment, found);
}

export async function findEndpoints(environment: Environment): Promise<Leftover[]> {
  const { aws, config } = environment;
  const found: Named[] = [];
  for await (const page of paginateListEndpoints({ client: aws.sagemaker() }, nameSearch(environment))) {
    for (const e of page.Endpoints ?? []) {
      found.push({ name: e.EndpointName, arn: e.EndpointArn, since: e.CreationTime });
    }
  }
  return await Promise.all(
    (await owned(environment, found)).map(async (endpoint) => {
      const { EndpointConfigName } = await aws
        .sagemaker()
        .send(new DescribeEndpointCommand({ EndpointName: endpoint.name }));
      const variants = EndpointConfigName === undefined ? [] : await variantsOf(aws, EndpointConfigName);
      return { ...endpoint, costPerDay: endpointCostPerDay(variants, config.region) };
    }),
  );
}

export async function findEndpointConfigs(environment: Environment): Promise<Leftover[]> {
  const found: Named[] = [];
  const client = environment.aws.sagemaker();
  for await (const page of paginateListEndpointConfigs({ client }, nameSearch(environment))) {
    for (const c of page.EndpointConfigs ?? []) {
      found.push({ name: c.EndpointConfigName, arn: c.EndpointConfigArn, since: c.CreationTime });
    }
  }
  return await owned(environment, found);
}

async function findModels(environment: Environment): Promise<Leftover[]> {
  const found: Named[] = [];
  const client = environment.aws.sagemaker();
  for await (const page of paginateListModels({ client }, nameSearch(environment))) {
    for (const m of page.Models ?? []) {
      found.push({ name: m.ModelName, arn: m.ModelArn, since: m.CreationTime });
    }
  }
  return await owned(environment, found);
}

/** Finds the versions in the workflow's model package group. */
async function findModelPackages({ aws, baseName }: Environment): Promise<Leftover[]> {
  const found: Leftover[] = [];
  const search = { ModelPackageGroupName: baseName };
  try {
    for await (const page of paginateListModelPackages({ client: aws.sagemaker() }, search)) {
      for (const { ModelPackageArn: name = "", CreationTime: since } of page.ModelPackageSummaryList ?? []) {
        found.push({ name, since });
      }
    }
  } catch (error) {
    if (!isMissing(error) && !(error instanceof Error && /does not exist/.test(error.message))) throw error;
  }
  return found;
}

interface Named {
  readonly name?: string;
  readonly arn?: string;
  readonly since?: Date;
}

function nameSearch({ baseName }: Environment) {
  return { NameContains: baseName };
}

/** Returns what is the workflow's by name and by tag. */
async function owned({ aws, baseName }: Environment, found: readonly Named[]): Promise<Leftover[]> {
  const ours: Leftover[] = [];
  for (const { name, arn, since } of found) {
    if (name === undefined || !ownedBy(baseName, name)) continue;
    if ((await ownerOf(aws, arn)) === baseName) ours.push({ name, since });
  }
  return ours;
}

export async function variantsOf(
  aws: Environment["aws"],
  EndpointConfigName: string,
): Promise<readonly ProductionVariant[]> {
  const { ProductionVariants = [] } = await aws
    .sagemaker()
    .send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
  return ProductionVariants;
}

/** Finds the logs of endpoints; those of the stable names even if the endpoints no longer exist. */
async function endpointLogs(
  { aws, baseName, workflow }: Environment,
  endpoints: readonly Leftover[],
): Promise<Leftover[]> {
  const stable = endpointNames(workflow);
  const names = new Set([stable.wanted, stable.other, ...endpoints.map(({ name }) => name)]);
  const start = `/aws/sagemaker/Endpoints/`;
  const found: Leftover[] = [];
  const search = { logGroupNamePrefix: start + baseName };
  for await (const page of paginateDescribeLogGroups({ client: aws.logs() }, search)) {
    for (const { logGroupName = "", creationTime } of page.logGroups ?? []) {
      if (names.has(logGroupName.slice(start.length))) {
        found.push({ name: logGroupName, since: time(creationTime) });
      }
    }
  }
  return found;
}

/** Finds the logs of jobs of every kind; they stay when the jobs are gone. */
export async function jobLogs({
  aws,
  baseName,
}: Pick<Environment, "aws" | "baseName">): Promise<LogStream[]> {
  const found: LogStream[] = [];
  for (const kind of Object.keys(jobKinds) as JobKind[]) {
    const group = jobLogGroup(kind);
    const search = { logGroupName: group, logStreamNamePrefix: `${baseName}-${kind}-` };
    try {
      for await (const page of paginateDescribeLogStreams({ client: aws.logs() }, search)) {
        for (const { logStreamName = "", creationTime } of page.logStreams ?? []) {
          found.push({ group, name: logStreamName, since: time(creationTime) });
        }
      }
    } catch (error) {
      // The group does not exist before the first job of an account.
      ignoreMissing(error);
    }
  }
  return found;
}

function time(epochMilliseconds: number | undefined): Date | undefined {
  return epochMilliseconds === undefined ? undefined : new Date(epochMilliseconds);
}
