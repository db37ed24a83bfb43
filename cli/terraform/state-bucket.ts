import { HeadBucketCommand } from "@aws-sdk/client-s3";
import type { Environment } from "../account/environment";
import { FailedError, UsageError } from "../terminal/errors";

/**
 * Checks that the state bucket exists.
 *
 * @throws UsageError if it does not
 */
export async function requireStateBucket(environment: Environment): Promise<void> {
  const { name, config } = environment;
  if (config.stateBucket === undefined) return;
  if (!(await bucketExists(environment, config.stateBucket))) {
    throw new UsageError(
      `The state bucket ${config.stateBucket} of environment ${name} does not exist: create it with npm run bootstrap -- ${name}`,
    );
  }
}

/**
 * Whether a bucket of the account exists.
 *
 * @throws FailedError if it belongs to another account, or is in another region
 */
export async function bucketExists({ aws, name }: Environment, Bucket: string): Promise<boolean> {
  try {
    // Bucket names can be guessed: without this check, the state could be sent to another account's bucket.
    const { account: ExpectedBucketOwner } = await aws.place();
    await aws.s3().send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner }));
    return true;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return false;
    if (status === 403) {
      throw new FailedError(
        `The bucket ${Bucket} belongs to another account, or these credentials may not use it. All accounts share bucket names: if it is not yours, set another stateBucket for environment ${name} in config.ts`,
        { cause: error },
      );
    }
    if (status === 301) {
      throw new FailedError(
        `The bucket ${Bucket} must be in the region of environment ${name}: set another stateBucket for it in config.ts`,
        { cause: error },
      );
    }
    throw error;
  }
}
