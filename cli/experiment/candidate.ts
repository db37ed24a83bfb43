import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { challengerVariant, type ExperimentEvent } from "../../workflow/experiments";
import { objectAt } from "../account/objects";
import { requireRegisteredFiles } from "../registry/content";
import { findVersion, listVersions, type ModelVersion } from "../registry/versions";
import { UsageError } from "../terminal/errors";
import { findEndpoint, type ServingEndpoint, type ServingVariant, sidesOf } from "./endpoint";
import type { ExperimentNumbers } from "./options";
import { experimentConfigName, experimentEvent, experimentVariants, versionModelName } from "./plan";
import { runningExperiments } from "./schedules";
import { type ExperimentTarget, pastExperiments, readDecision } from "./target";

/** A test that can be started: everything was checked, nothing was made. */
export interface ExperimentPlan {
  readonly champion: ServingVariant;
  readonly championVersion: ModelVersion;
  readonly challengerVersion: ModelVersion;
  readonly modelName: string;
  readonly variants: ReturnType<typeof experimentVariants>;
  readonly configName: string;
  readonly event: ExperimentEvent;
  readonly numbers: ExperimentNumbers;
}

/**
 * Checks that a version can be tried against the one that serves, and says what that takes.
 *
 * A start that was interrupted gives the same plan again.
 *
 * @throws UsageError that says what is in the way
 */
export async function planExperiment(
  target: ExperimentTarget,
  version: number,
  numbers: ExperimentNumbers,
  name?: string,
): Promise<ExperimentPlan> {
  const { environment, bucketName } = target;
  const { baseName } = environment;
  await refuseWhileRunning(target);
  const endpoint = await findEndpoint(environment);
  if (endpoint === undefined) {
    throw new UsageError(`There is no endpoint ${baseName} yet: release a version first`);
  }
  const champion = requireChampion(endpoint);
  const versions = await listVersions(environment);
  const challengerVersion = findVersion(versions, version);
  const championVersion = versions.find(({ serves }) => serves);
  if (championVersion === undefined) {
    throw new UsageError(`What ${baseName} serves is no registered version: release one first`);
  }
  const modelName = await requireUsable(target, challengerVersion, championVersion);

  const unfinished = endpoint.experiment;
  const experiment =
    unfinished ?? (await experimentName(target, name, `v${version}-against-v${championVersion.version}`));
  const planned = experimentVariants(champion.config, champion.instanceCount, modelName, numbers.weight);
  if (unfinished !== undefined) await requireSame(target, endpoint, modelName, numbers, name);
  const variants =
    unfinished === undefined ? planned : (endpoint.config.ProductionVariants as typeof planned);
  const configName =
    unfinished === undefined
      ? experimentConfigName(baseName, experiment, variants)
      : (endpoint.config.EndpointConfigName as string);
  if (endpoint.status !== "InService" && endpoint.pendingConfigName !== configName) {
    throw new UsageError(
      `The endpoint ${baseName} is ${endpoint.status}; a test starts when it is InService`,
    );
  }
  return {
    champion,
    championVersion,
    challengerVersion,
    modelName,
    variants,
    configName,
    event: experimentEvent(experiment, baseName, bucketName, champion.name, numbers),
    numbers,
  };
}

async function refuseWhileRunning({ environment }: ExperimentTarget): Promise<void> {
  const [running] = await runningExperiments(environment);
  if (running === undefined) return;
  const { name } = environment;
  throw new UsageError(
    `The test ${running} runs: see it with npm run experiment -- ${name} status, and end it with npm run experiment -- ${name} stop`,
  );
}

/** The variant that serves, alone or beside the challenger of a start that was interrupted. */
function requireChampion(endpoint: ServingEndpoint): ServingVariant {
  const { name, config, variants } = endpoint;
  if (variants.some((variant) => variant.config.ServerlessConfig !== undefined)) {
    throw new UsageError(`The endpoint ${name} is serverless, and such endpoints have one variant only`);
  }
  if (config.AsyncInferenceConfig !== undefined) {
    throw new UsageError(`The endpoint ${name} is asynchronous; A/B tests are for real-time endpoints`);
  }
  if (config.ShadowProductionVariants?.length) {
    throw new UsageError(`The endpoint ${name} has a shadow variant, which leaves room for one variant only`);
  }
  const [only] = variants;
  if (endpoint.experiment !== undefined) {
    const sides = sidesOf(endpoint);
    if (sides !== undefined) return sides.champion;
  }
  if (only === undefined || variants.length > 1 || !(only.weight > 0)) {
    const told = variants.map((variant) => `${variant.name} (weight ${variant.weight})`).join(", ");
    throw new UsageError(`The endpoint ${name} must have one variant with traffic, and has ${told}`);
  }
  if (only.name === challengerVariant) {
    throw new UsageError(
      `The endpoint's variant is called ${challengerVariant}, which a test calls its second one: set another endpoint.variantName, and release`,
    );
  }
  return only;
}

/** The name of the version's model, once it is sure that it could be made. */
async function requireUsable(
  { environment: { aws, name, baseName } }: ExperimentTarget,
  challenger: ModelVersion,
  champion: ModelVersion,
): Promise<string> {
  const { version, arn } = challenger;
  if (version === champion.version) throw new UsageError(`Version ${version} serves already`);
  const found = await aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
  if (found.ModelPackageStatus !== "Completed" || found.ModelApprovalStatus !== "Approved") {
    throw new UsageError(
      `Version ${version} is ${found.ModelPackageStatus} and ${found.ModelApprovalStatus}, not Completed and Approved: npm run approve -- ${name} ${version}`,
    );
  }
  const artifact = found.InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "";
  const { Bucket, Key } = objectAt(artifact);
  const { KeyCount } = await aws.s3().send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }));
  if (!KeyCount) throw new UsageError(`The artifact of version ${version} is gone: ${artifact}`);
  await requireRegisteredFiles(aws, `version ${version} of ${name}`, found);
  return versionModelName(baseName, version, arn, found.CreationTime ?? new Date(0));
}

/** A name that no test has had: the controller would take it for the old one. */
async function experimentName(
  target: ExperimentTarget,
  asked: string | undefined,
  proposed: string,
): Promise<string> {
  const past = await pastExperiments(target);
  if (asked !== undefined) {
    if (!past.includes(asked)) return asked;
    throw new UsageError(`There was a test called ${asked}: give another --name`);
  }
  let name = proposed;
  for (let number = 2; past.includes(name); number++) name = `${proposed}-${number}`;
  return name;
}

/** A start that was interrupted goes on as what it was. */
async function requireSame(
  target: ExperimentTarget,
  { experiment = "", config }: ServingEndpoint,
  modelName: string,
  { weight }: ExperimentNumbers,
  name: string | undefined,
): Promise<void> {
  const env = target.environment.name;
  const challenger = config.ProductionVariants?.find((v) => v.VariantName === challengerVariant);
  const same =
    challenger?.ModelName === modelName &&
    challenger.InitialVariantWeight === weight &&
    (name ?? experiment) === experiment;
  if (same && !(await readDecision(target, experiment))?.Final) return;
  throw new UsageError(
    `The endpoint serves the test ${experiment}, which has no schedule any more: end it with npm run experiment -- ${env} stop`,
  );
}
