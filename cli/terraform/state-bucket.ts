import { HeadBucketCommand } from "@aws-sdk/client-s3";
import type { Environment } from "../account/environment";
import { FailedError, UsageError } from "../terminal/errors";

/**
 * Fails unless Terraform finds its state's bucket.
 *
 * @throws UsageError that tells how to make it
 */
export async function requireStateBucket(environment: Environment): Promise<void> {
  const { name, config } = environment;
  if (config.stateBucket === undefined) return;
  if (!(await bucketExists(environment, config.stateBucket))) {
    throw new UsageError(
      `The state bucket ${config.stateBucket} of environment ${name} does not exist: make it with npm run bootstrap -- ${name}`,
    );
  }
}

/**
 * Whether a bucket of the account exists.
 *
 * @throws FailedError when it is another account's, or in another region
 */
export async function bucketExists({ aws, name }: Environment, Bucket: string): Promise<boolean> {
  try {
    // Its name can be guessed, and whoever had it first would be given the state.
    const { account: ExpectedBucketOwner } = await aws.place();
    await aws.s3().send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner }));
    return true;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return false;
    if (status === 403) {
      throw new FailedError(
        `The bucket ${Bucket} is another account's, or these credentials may not use it. Bucket names are shared by all accounts: if it is not yours, give environment ${name} another stateBucket in config.ts`,
        { cause: error },
      );
    }
    if (status === 301) {
      throw new FailedError(
        `The bucket ${Bucket} is in another region than environment ${name}: give it another stateBucket in config.ts`,
        { cause: error },
      );
    }
    throw error;
  }
}
