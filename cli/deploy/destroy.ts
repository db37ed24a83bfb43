import { rmSync } from "node:fs";
import { join } from "node:path";
import { prefixes } from "../../workflow/prefixes";
import { findArtifactBucket, objectVersions } from "../account/buckets";
import { defaultOutputsFile } from "../account/deployed-workflow";
import { type Environment, openEnvironment } from "../account/environment";
import { refuseWhileRunning } from "../account/running-executions";
import { findLeftovers, isEmpty, type Leftovers, writtenPrefixes } from "../leftovers/find";
import { removeLeftovers } from "../leftovers/remove";
import { leftoversText } from "../leftovers/text";
import { projectRoot } from "../paths";
import { agreed } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { stackFolder } from "../terraform/folders";
import { runCdktf } from "../terraform/run";
import { stacksOf } from "../terraform/stacks";
import { emptyBucket } from "./empty-bucket";
import { requireDeployable } from "./ready";

interface DestroyOptions {
  readonly yes: boolean;
  /** Also remove what executions created. */
  readonly withLeftovers: boolean;
}

/** Destroys the environment's stacks; refuses while executions or releases run, or endpoints exist, which Terraform does not manage. */
export async function destroy(name: string, options: DestroyOptions): Promise<void> {
  const environment = openEnvironment(name);
  await requireDeployable(environment);
  const found = await findLeftovers(environment);
  await refuseWhileRunning(environment);
  if (!options.withLeftovers) refuseWhileServing(name, found);
  await refuseToLoseData(environment, options.withLeftovers);
  print(leftoversText(found));
  await announceLoss(environment, found);
  const what = options.withLeftovers && !isEmpty(found) ? "all of this and " : "";
  if (!(await agreed(`Destroy ${what}the stacks of ${name}?`, options.yes))) {
    print("Nothing was destroyed.");
    return;
  }
  if (options.withLeftovers) {
    await removeLeftovers(environment, found, (line) => print(line));
  }
  if (found.bucketName !== undefined) await emptyBucket(environment, found.bucketName, (line) => print(line));
  const stacks = stacksOf(environment).map((stack) => stack.name);
  const flags = ["--auto-approve", "--skip-provider-lock"];
  await runCdktf(environment, ["destroy", ...stacks.reverse(), ...flags], "progress");
  rmSync(defaultOutputsFile(name), { force: true });
  // Another region or state bucket is no change of backend any more.
  for (const stack of stacks)
    rmSync(join(projectRoot, stackFolder(name, stack), ".terraform"), { recursive: true, force: true });
  const isClean = options.withLeftovers || isEmpty(found);
  print(
    `Destroyed ${name}.${isClean ? "" : ` What executions created still exists: npm run leftovers -- ${name}`}`,
  );
}

function refuseWhileServing(name: string, { endpoints, modelPackages }: Leftovers): void {
  if (endpoints.length === 0 && modelPackages.length > 0) {
    throw new UsageError(
      `The model registry must be empty to be destroyed, but has ${modelPackages.length} versions: remove them with npm run cleanup -- ${name}, or run npm run destroy -- ${name} --with-leftovers. Nothing was changed`,
    );
  }
  if (endpoints.length === 0) return;
  const names = endpoints.map((endpoint) => endpoint.name).join(", ");
  throw new UsageError(
    `Endpoints are still up and cost money: ${names}. Remove them with npm run cleanup -- ${name}, or run npm run destroy -- ${name} --with-leftovers. Nothing was changed`,
  );
}

/** Announces which other objects the bucket's deletion removes, such as the user's data. */
async function announceLoss({ aws, config }: Environment, { bucketName, objects }: Leftovers): Promise<void> {
  if (!config.forceDestroy || bucketName === undefined) return;
  const listed = new Set(objects.map(({ Key }) => Key));
  let others = 0;
  for await (const { Key = "" } of objectVersions(aws, bucketName)) if (!listed.has(Key)) others++;
  print(
    `The bucket ${bucketName} will be deleted with ${others} more object versions, such as raw data and code, because forceDestroy is set.`,
  );
}

/** Refuses to delete a bucket that is not empty, which Terraform would notice only after destroying other resources. */
async function refuseToLoseData(environment: Environment, withLeftovers: boolean): Promise<void> {
  if (environment.config.forceDestroy) return;
  const bucketName = await findArtifactBucket(environment);
  if (bucketName === undefined) return;
  const removed = [prefixes.code, ...(withLeftovers ? writtenPrefixes : [])];
  for await (const { Key = "" } of objectVersions(environment.aws, bucketName)) {
    const goes = removed.some((prefix) => Key.startsWith(prefix));
    if (goes && (withLeftovers || !Key.startsWith(prefixes.executionCode))) continue;
    throw new UsageError(
      `The bucket ${bucketName} must be empty, but contains objects such as ${Key}: save what you need and empty it, or let Terraform delete it with its contents: set forceDestroy of environment ${environment.name} in config.ts and run npm run deploy -- ${environment.name} first. Nothing was changed`,
    );
  }
}
