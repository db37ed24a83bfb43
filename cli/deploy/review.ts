import { writeFileSync } from "node:fs";
import { workflowProps } from "../../config";
import { stackNames } from "../../config-schema";
import { policyDocument } from "../../workflow/iam";
import { partitionOf } from "../account/buckets";
import { announce, environmentConfig, openEnvironment } from "../account/environment";
import { reviewComment } from "../review/comment";
import { reviewPermissions } from "../review/reviewer-permissions";
import { UsageError } from "../terminal/errors";
import { print, printToStderr } from "../terminal/print";
import { requireTerraform } from "../terraform/run";
import { requireStateBucket } from "../terraform/state-bucket";
import { planStacks } from "./plan-stacks";

export interface ReviewOptions {
  /** @default - standard output */
  readonly output?: string;
  /** Prints the policy of the role that reviews need instead. */
  readonly rolePolicy?: boolean;
}

/** Writes what a deploy would change as one comment for a pull request. */
export async function review(name: string, { output, rolePolicy = false }: ReviewOptions): Promise<void> {
  if (rolePolicy) {
    print(JSON.stringify(reviewPolicy(name), null, 2));
    return;
  }
  const environment = openEnvironment(name);
  await requireTerraform(environment);
  await announce(environment);
  await requireStateBucket(environment);
  const stacks = await planStacks(environment, (line) => printToStderr(`${line}`));
  const comment = reviewComment({ environment: name, region: environment.config.region, stacks });
  if (output === undefined) print(comment);
  else writeFileSync(output, `${comment}\n`);
}

/**
 * The policy of the role that reviews an environment.
 *
 * @throws UsageError when config.ts does not say in which account and with which state
 */
export function reviewPolicy(name: string) {
  const { account, stateBucket, region, bucketName, kmsKeyArn } = environmentConfig(name);
  if (account === undefined || stateBucket === undefined) {
    throw new UsageError(
      `The policy names account and state bucket of environment ${name}: add ${account === undefined ? "account" : "stateBucket"} to it in config.ts`,
    );
  }
  const stacks = Object.values(stackNames(name));
  const { prefix, environment } = workflowProps(name);
  const partition = partitionOf(region);
  return policyDocument(
    reviewPermissions({
      ...{ prefix, environment, partition, region, account },
      ...{ stateBucket, stacks, bucketName, kmsKeyArn },
    }),
  );
}
