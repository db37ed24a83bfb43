import type { ObjectIdentifier } from "@aws-sdk/client-s3";
import { prefixes } from "../../workflow/prefixes";
import { deleteVersions, objectVersions } from "../account/buckets";
import type { Environment } from "../account/environment";
import { FailedError } from "../terminal/errors";

/**
 * Empties the artifact bucket before Terraform destroys it: of everything if `forceDestroy` is set, which Terraform itself
 * knows only after a deploy, or else of code, which an earlier deploy may have left there.
 *
 * @throws FailedError if something else is in it
 */
export async function emptyBucket(
  { aws, name, config }: Pick<Environment, "aws" | "name" | "config">,
  bucketName: string,
  report: (line: string) => void,
): Promise<void> {
  const removed: ObjectIdentifier[] = [];
  const prefix = config.forceDestroy ? undefined : prefixes.code;
  for await (const version of objectVersions(aws, bucketName, prefix)) removed.push(version);
  await deleteVersions(aws, bucketName, removed, (count) => report(`Deleted ${count} object versions`));
  for await (const { Key } of objectVersions(aws, bucketName)) {
    throw new FailedError(
      `The bucket ${bucketName} must be empty, but ${Key} was written meanwhile. Terraform has not destroyed anything: find out what writes it, and run npm run destroy -- ${name} again`,
    );
  }
}
