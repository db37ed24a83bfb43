import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  paginateListModelPackages,
} from "@aws-sdk/client-sagemaker";
import { type Gate, passesThreshold } from "../../workflow/gate";
import { stableEndpointName } from "../../workflow/names";
import type { Environment } from "../account/environment";
import { objectAt, readJson } from "../account/objects";
import { isMissing, UsageError } from "../terminal/errors";
import type { RegisteredContent } from "./content";

/** One registered version of the workflow's model. */
export interface ModelVersion {
  readonly arn: string;
  readonly version: number;
  readonly approval: string;
  readonly since?: Date;
  /** Whether it is in service on the environment's endpoint. */
  readonly inService: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  /** Address of the model artifact. */
  readonly modelDataUrl?: string;
  /** Its files, with their SHA-256 at registration. */
  readonly content: RegisteredContent;
  /** The gate's result, and the execution, job and data that it comes from. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Lists the registered versions, newest first. */
export async function listVersions(environment: Environment): Promise<ModelVersion[]> {
  const { aws, baseName } = environment;
  const serving = (await servingModel(environment, stableEndpointName(environment.workflow)))?.packageArn;
  const search = {
    ModelPackageGroupName: baseName,
    SortBy: "CreationTime",
    SortOrder: "Descending",
  } as const;
  const arns: string[] = [];
  try {
    for await (const page of paginateListModelPackages({ client: aws.sagemaker() }, search)) {
      for (const { ModelPackageArn } of page.ModelPackageSummaryList ?? []) {
        if (ModelPackageArn !== undefined) arns.push(ModelPackageArn);
      }
    }
  } catch (error) {
    if (!(error instanceof Error && /does not exist/.test(error.message))) throw error;
    throw new UsageError(`Environment ${environment.name} has no model registry: deploy it first`, {
      cause: error,
    });
  }
  return await Promise.all(arns.map((arn) => describeVersion(environment, arn, arn === serving)));
}

/** A version as other programs read it. */
export interface VersionSummary extends Pick<ModelVersion, "version" | "approval" | "inService" | "metrics"> {
  readonly registeredAt?: string;
  /** Whether it passes the gate of its environment. */
  readonly passesGate: boolean;
  /** Name of the execution that trained it. */
  readonly execution?: string;
}

export function versionSummary(found: ModelVersion, gate: Gate): VersionSummary {
  const { version, approval, inService, metrics, since, properties } = found;
  const value = metrics[gate.metric];
  return {
    ...{ version, approval, inService, metrics },
    registeredAt: since?.toISOString(),
    passesGate: value !== undefined && passesThreshold(gate, value),
    execution: properties.execution,
  };
}

/** The number of a version, which is the end of its ARN. */
export function versionNumber(arn: string): number {
  return Number(arn.split("/").at(-1));
}

/**
 * Finds a version by its number.
 *
 * @throws UsageError if there is none
 */
export function findVersion(versions: readonly ModelVersion[], number: number): ModelVersion {
  const found = versions.find(({ version }) => version === number);
  if (found === undefined) {
    if (versions.length === 0) throw new UsageError("No version is registered yet: train a model first");
    const known = versions.map(({ version }) => version).join(", ");
    throw new UsageError(`The version must be one of ${known}, got ${number}`);
  }
  return found;
}

/** Returns the address of a version's comparison report; undefined if nothing was compared. */
export async function comparisonReport(
  { aws }: Environment,
  { modelDataUrl }: ModelVersion,
): Promise<string | undefined> {
  if (modelDataUrl === undefined) return undefined;
  const url = modelDataUrl.replace(/\/output\/[^/]+$/, "/comparison/report.html");
  const { Bucket, Key } = objectAt(url);
  const { Contents = [] } = await aws
    .s3()
    .send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }));
  return Contents.some((found) => found.Key === Key) ? url : undefined;
}

async function describeVersion({ aws }: Environment, arn: string, inService: boolean): Promise<ModelVersion> {
  const found = await aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
  return {
    arn,
    version: found.ModelPackageVersion ?? 0,
    approval: found.ModelApprovalStatus ?? "",
    since: found.CreationTime,
    inService,
    metrics: await readMetrics(aws, found.ModelMetrics?.ModelQuality?.Statistics?.S3Uri),
    modelDataUrl: found.InferenceSpecification?.Containers?.[0]?.ModelDataUrl,
    content: found,
    properties: found.CustomerMetadataProperties ?? {},
  };
}

async function readMetrics(
  aws: Environment["aws"],
  url: string | undefined,
): Promise<ModelVersion["metrics"]> {
  const found = url === undefined ? undefined : await readJson(aws, objectAt(url));
  return (found ?? {}) as ModelVersion["metrics"];
}

/** The model in service on an endpoint. */
interface ServingModel {
  readonly modelName: string;
  /** ARN of the model's version; a model created outside the workflow may have none. */
  readonly packageArn?: string;
}

/** Returns the model in service on an endpoint; undefined if there is no such endpoint. */
export async function servingModel(
  { aws }: Pick<Environment, "aws">,
  EndpointName: string,
): Promise<ServingModel | undefined> {
  const sagemaker = aws.sagemaker();
  try {
    const { EndpointConfigName } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
    const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
    const modelName = config.ProductionVariants?.[0]?.ModelName ?? "";
    const model = await sagemaker.send(new DescribeModelCommand({ ModelName: modelName }));
    return { modelName, packageArn: model.PrimaryContainer?.ModelPackageName };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
