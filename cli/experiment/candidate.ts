import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { type CreateModelCommandInput, DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { challengerVariant, type ExperimentEvent } from "../../workflow/experiments";
import { objectAt } from "../account/objects";
import { requireRegisteredFiles } from "../registry/content";
import { deployedDefinition, modelRequest } from "../registry/deployed-release";
import { findVersion, listVersions, type ModelVersion } from "../registry/model-versions";
import { UsageError } from "../terminal/errors";
import { contendersOf, findEndpoint, type ServingEndpoint, type ServingVariant } from "./endpoint";
import type { ExperimentNumbers } from "./options";
import { experimentConfigName, experimentEvent, experimentVariants } from "./plan";
import { runningExperiments } from "./schedules";
import { type ExperimentTarget, pastExperiments, readDecision } from "./target";

/** A test that can be started: everything is checked, nothing is created yet. */
export interface ExperimentPlan {
  readonly champion: ServingVariant;
  readonly championVersion: ModelVersion;
  readonly challengerVersion: ModelVersion;
  /** Creates the challenger's model, as a release does. */
  readonly model: CreateModelCommandInput;
  readonly variants: ReturnType<typeof experimentVariants>;
  readonly configName: string;
  readonly event: ExperimentEvent;
  readonly numbers: ExperimentNumbers;
}

/**
 * Checks that a version can be compared with the one in service, and plans the test.
 *
 * After an interrupted start it returns the same plan again.
 *
 * @throws UsageError if the test cannot start
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
    throw new UsageError(`The endpoint ${baseName} does not exist yet: release a version first`);
  }
  const champion = requireChampion(endpoint);
  const versions = await listVersions(environment);
  const challengerVersion = findVersion(versions, version);
  const championVersion = versions.find(({ inService }) => inService);
  if (championVersion === undefined) {
    throw new UsageError(
      `The model on the endpoint ${baseName} must be a registered version: release one first`,
    );
  }
  const model = await requireUsable(target, challengerVersion, championVersion);

  const modelName = model.ModelName as string;
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
      `The endpoint ${baseName} must be InService to start a test, got ${endpoint.status}: try again later`,
    );
  }
  return {
    champion,
    championVersion,
    challengerVersion,
    model,
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
    `The test ${running} is running: show it with npm run experiment -- ${name} status, and end it with npm run experiment -- ${name} stop`,
  );
}

/** The variant in service, alone or next to the challenger of an interrupted start. */
function requireChampion(endpoint: ServingEndpoint): ServingVariant {
  const { name, config, variants } = endpoint;
  if (variants.some((variant) => variant.config.ServerlessConfig !== undefined)) {
    throw new UsageError(
      `The endpoint ${name} must be on instances, got a serverless one, which can have only one variant`,
    );
  }
  if (config.AsyncInferenceConfig !== undefined) {
    throw new UsageError(`The endpoint ${name} must be real-time, got an asynchronous one`);
  }
  if (config.ShadowProductionVariants?.length) {
    throw new UsageError(
      `The endpoint ${name} must have no shadow variant: an endpoint with one can have only one other variant`,
    );
  }
  const [only] = variants;
  if (endpoint.experiment !== undefined) {
    const contenders = contendersOf(endpoint);
    if (contenders !== undefined) return contenders.champion;
  }
  if (only === undefined || variants.length > 1 || !(only.weight > 0)) {
    const found = variants.map((variant) => `${variant.name} (weight ${variant.weight})`).join(", ");
    throw new UsageError(`The endpoint ${name} must have one variant with traffic, got ${found}`);
  }
  if (only.name === challengerVariant) {
    throw new UsageError(
      `The endpoint's variant must not be called ${challengerVariant}, the name of a test's second variant: set another endpoint.variantName, and release`,
    );
  }
  return only;
}

/** Checks that the version's model can be created, and returns the request for it. */
async function requireUsable(
  { environment }: ExperimentTarget,
  challenger: ModelVersion,
  champion: ModelVersion,
): Promise<CreateModelCommandInput> {
  const { aws, name } = environment;
  const { version, arn } = challenger;
  if (version === champion.version)
    throw new UsageError(`Version ${version} is already in service: choose another version`);
  const found = await aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
  if (found.ModelPackageStatus !== "Completed" || found.ModelApprovalStatus !== "Approved") {
    throw new UsageError(
      `Version ${version} must be Completed and Approved, got ${found.ModelPackageStatus} and ${found.ModelApprovalStatus}: approve it with npm run approve -- ${name} ${version}`,
    );
  }
  const artifact = found.InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "";
  const { Bucket, Key } = objectAt(artifact);
  const { KeyCount } = await aws.s3().send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }));
  if (!KeyCount) throw new UsageError(`The artifact of version ${version} no longer exists: ${artifact}`);
  await requireRegisteredFiles(aws, `version ${version} of ${name}`, found);
  return await modelRequest(name, await deployedDefinition(environment, "release"), found);
}

/** Returns a new name: the controller would mistake a test of the same name for the old one. */
async function experimentName(
  target: ExperimentTarget,
  requested: string | undefined,
  proposed: string,
): Promise<string> {
  const past = await pastExperiments(target);
  if (requested !== undefined) {
    if (!past.includes(requested)) return requested;
    throw new UsageError(`--name must be new, but a test ${requested} already existed: pass another name`);
  }
  let name = proposed;
  for (let number = 2; past.includes(name); number++) name = `${proposed}-${number}`;
  return name;
}

/** Checks that an interrupted start continues with the same test. */
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
    `The endpoint still has the variants of the test ${experiment}, which has no schedule: end it with npm run experiment -- ${env} stop`,
  );
}
