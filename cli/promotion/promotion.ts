import { CreateModelPackageCommand, DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { gateSettings } from "../../workflow/gate";
import { findArtifactBucket } from "../account/buckets";
import { type Environment, stateMachinesOf } from "../account/environment";
import { requireRegisteredFiles } from "../registry/content";
import { deployedDefinition, notDeployed, registrationOf } from "../registry/deployed-release";
import { listVersions, type ModelVersion, versionNumber } from "../registry/model-versions";
import { type ReleaseOptions, releaseVersion } from "../registry/release";
import { agreed } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { keepLines, type ProgressTask, runTasks } from "../terminal/progress";
import { copyArtifact, findArtifacts } from "./copy";
import { checkGate, chooseVersion, promotionText } from "./plan";
import { checkImage, copiedUrl, promotable, promotedFolder, promotedRequest } from "./version";

export interface PromoteOptions extends ReleaseOptions {
  readonly yes: boolean;
}

/**
 * Promotes between two open environments: checks everything, asks for confirmation, copies, registers, releases.
 *
 * The version is registered after all its files are copied, so that an interrupted promotion can continue.
 *
 * @throws UsageError if the promotion is impossible; nothing was created then
 */
export async function promoteBetween(
  from: Environment,
  to: Environment,
  number: number | undefined,
  options: PromoteOptions,
): Promise<void> {
  const plan = await preparePromotion(from, to, number);
  const { chosen, existing } = plan;
  print(promotionText({ ...plan, from: from.name, to: to.name }));
  if (existing?.inService) {
    print(`Version ${existing.version} of ${to.name} is this version, and is already in service.`);
    return;
  }
  const question = `Promote version ${chosen.version} of ${from.name} to ${to.name}?`;
  if (!(await agreed(question, options.yes))) {
    print("Nothing was changed.");
    return;
  }
  await copyArtifacts(from, to, plan, options);
  const registered = existing ?? (await register(to, plan));
  const { version, approval } = registered;
  if (approval === "Approved") return await releaseVersion(to, registered.arn, options);
  print(`Version ${version} of ${to.name} waits for approval: npm run approve -- ${to.name} ${version}`);
}

type Plan = Awaited<ReturnType<typeof preparePromotion>>;

/** Reads everything that a promotion needs, and refuses promotions that cannot succeed. Changes nothing. */
async function preparePromotion(from: Environment, to: Environment, number: number | undefined) {
  const chosen = chooseVersion(from.name, await listVersions(from), number, gateSettings(from.workflow.gate));
  const source = promotable(
    from.name,
    await from.aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: chosen.arn })),
  );
  const artifacts = await findArtifacts(from.aws, source);
  await requireRegisteredFiles(from.aws, source.named, source.description);
  const registration = registrationOf(to.name, await deployedDefinition(to, "workflow"));
  checkImage(source, to.name, registration);
  checkGate(chosen, to.name, gateSettings(to.workflow.gate));
  const versions = await listVersions(to);
  const bucketName = await findArtifactBucket(to);
  if (bucketName === undefined) throw notDeployed(to);
  const destination = { bucketName, folder: promotedFolder(source) };
  const copied = copiedUrl(destination, source.model);
  const existing = versions.find(
    ({ properties, modelDataUrl }) => properties.promotedFrom === source.arn && modelDataUrl === copied,
  );
  if (existing?.approval === "Rejected") {
    throw new UsageError(
      `Version ${existing.version} of ${to.name} is this version, and was rejected there: approve it with npm run approve -- ${to.name} ${existing.version}, or promote another version`,
    );
  }
  const champion = versions.find(({ inService }) => inService);
  return {
    ...{ chosen, source, artifacts, destination, registration, existing, champion },
    stateMachineArn: (await stateMachinesOf(to)).workflow,
  };
}

/** Copies the files one after the other. */
async function copyArtifacts(
  from: Environment,
  to: Environment,
  { source, artifacts, destination }: Plan,
  { silent = false }: PromoteOptions,
): Promise<void> {
  const task = {
    title: "Copy",
    rendererOptions: keepLines,
    task: async (_: object, task: ProgressTask) => {
      for (const artifact of artifacts) {
        const { sha256, found } = await copyArtifact([from.aws, to.aws], artifact, source, destination);
        task.output = `${artifact.name}  sha256 ${sha256}${found ? "  already copied" : ""}`;
      }
    },
  };
  await runTasks([task], { silent });
}

async function register(
  { aws, name }: Environment,
  { source, registration, destination }: Plan,
): Promise<Pick<ModelVersion, "arn" | "version" | "approval">> {
  const request = promotedRequest(source, registration, destination);
  const { ModelPackageArn: arn = "" } = await aws.sagemaker().send(new CreateModelPackageCommand(request));
  const version = versionNumber(arn);
  print(`Registered as version ${version} of ${name}.`);
  return { arn, version, approval: registration.ModelApprovalStatus };
}
