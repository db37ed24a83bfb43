import { workflowProps } from "../../configuration";
import { stackNames } from "../../configuration/names";
import { policyDocument } from "../../workflow/iam";
import { environmentConfig } from "../account/environment";
import { UsageError } from "../terminal/errors";
import { reviewPermissions } from "./reviewer-permissions";

/**
 * Returns the policy of the role that reviews an environment.
 *
 * @throws UsageError if config.ts does not name the account and the state bucket
 */
export function reviewPolicy(name: string) {
  const { account, stateBucket, region, bucketName, kmsKeyArn } = environmentConfig(name);
  if (account === undefined || stateBucket === undefined) {
    throw new UsageError(
      `The policy contains account and state bucket of environment ${name}: add ${account === undefined ? "account" : "stateBucket"} to it in config.ts`,
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

/** Returns the partition of a region. */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
