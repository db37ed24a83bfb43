import { workflowProps } from "../../configuration";
import { stackNames } from "../../configuration/names";
import { policyDocument } from "../../workflow/iam";
import { environmentConfig } from "../account/environment";
import { reviewPermissions } from "../review/reviewer-permissions";
import { UsageError } from "../terminal/errors";

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

/** The partition that a region belongs to. */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
