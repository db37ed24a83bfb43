import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { workflowProps } from "../../config";
import { resourceTags } from "../../workflow/resources";
import { createBucket, secureBucket } from "../account/buckets";
import { announce, type Environment, openEnvironment } from "../account/environment";
import { FailedError, UsageError } from "../terminal/errors";
import { print } from "../terminal/print";

/** Makes the bucket for Terraform's state, once per environment; running it again checks its settings. */
export async function bootstrap(name: string): Promise<void> {
  const environment = openEnvironment(name);
  const { aws, config } = environment;
  await announce(environment);
  if (config.stateBucket === undefined) {
    const { Account } = await aws.sts().send(new GetCallerIdentityCommand({}));
    const suggestion = `tfstate-${workflowProps(name).prefix}-${name}-${Account}`;
    throw new UsageError(
      `Environment ${name} has no state bucket: add stateBucket: "${suggestion}" to it in config.ts, and run this again`,
    );
  }
  const existed = await bucketExists(environment, config.stateBucket);
  if (!existed) await createBucket(aws, config.stateBucket);
  await secureBucket(aws, config.stateBucket, {
    tags: resourceTags(workflowProps(name)),
    kmsKeyArn: config.kmsKeyArn,
  });
  print(
    `${existed ? "Checked" : "Made"} the state bucket ${config.stateBucket} (private, versioned, encrypted, TLS only). Next: npm run deploy -- ${name}`,
  );
}

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

async function bucketExists({ aws, name }: Environment, Bucket: string): Promise<boolean> {
  try {
    // Its name can be guessed, and whoever had it first would be given the state.
    const { Account } = await aws.sts().send(new GetCallerIdentityCommand({}));
    await aws.s3().send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: Account }));
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
