import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  paginateListModelPackages,
} from "@aws-sdk/client-sagemaker";
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
  /** Whether the environment's endpoint serves it. */
  readonly serves: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  /** Where the model artifact lies. */
  readonly modelDataUrl?: string;
  /** Its files, and what they were when it was registered. */
  readonly content: RegisteredContent;
  /** What the gate looked at, who trained it, from what. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The registered versions, newest first. */
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

/** The number of a version, which its ARN ends in. */
export function versionNumber(arn: string): number {
  return Number(arn.split("/").at(-1));
}

/**
 * One of `versions` by its number.
 *
 * @throws UsageError when there is none
 */
export function findVersion(versions: readonly ModelVersion[], number: number): ModelVersion {
  const found = versions.find(({ version }) => version === number);
  if (found === undefined) {
    const known = versions.map(({ version }) => version).join(", ") || "none yet";
    throw new UsageError(`There is no version ${number}; there are ${known}`);
  }
  return found;
}

export function versionsText(versions: readonly ModelVersion[]): string {
  if (versions.length === 0) return "No version is registered yet.";
  const rows = versions.map(({ version, approval, since, serves, properties }) => {
    const { metric, value, threshold, better } = properties;
    const gate = `${metric} ${Number(value).toFixed(4)} ${better === "smaller" ? "<" : ">"} ${threshold}`;
    const when = since?.toISOString().slice(0, 16).replace("T", " ") ?? "";
    return `  ${String(version).padStart(4)}  ${approval.padEnd(22)} ${gate}  ${when}  ${properties.execution}${serves ? "  serves" : ""}`;
  });
  return ["Versions (newest first)", ...rows].join("\n");
}

/** Two versions side by side, metric by metric. */
export function comparisonText(
  challenger: ModelVersion,
  champion: ModelVersion | undefined,
  called = { challenger: `version ${challenger.version}`, champion: `version ${champion?.version}` },
): string {
  const names = Object.keys(challenger.metrics);
  const width = Math.max(6, ...names.map((name) => name.length));
  const cell = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(4)).padStart(12);
  const head = `  ${"".padEnd(width)}${called.challenger.padStart(12)}${(champion === undefined ? "nothing" : called.champion).padStart(12)} serves`;
  const rows = names.map(
    (name) => `  ${name.padEnd(width)}${cell(challenger.metrics[name])}${cell(champion?.metrics[name])}`,
  );
  return [head, ...rows].join("\n");
}

/** The address of the comparison's report of a version; none where nothing was compared. */
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

async function describeVersion({ aws }: Environment, arn: string, serves: boolean): Promise<ModelVersion> {
  const found = await aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
  return {
    arn,
    version: found.ModelPackageVersion ?? 0,
    approval: found.ModelApprovalStatus ?? "",
    since: found.CreationTime,
    serves,
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

/** What an endpoint serves. */
export interface ServingModel {
  readonly modelName: string;
  /** ARN of the version that the model was made from; a model that somebody made by hand may have none. */
  readonly packageArn?: string;
}

/** The model that an endpoint serves; undefined where there is no such endpoint. */
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
