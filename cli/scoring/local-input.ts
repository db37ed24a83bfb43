import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { prefixes } from "../../workflow/prefixes";
import type { Aws } from "../account/clients";

/** Whether the input names a file on this machine, not a key of the bucket. */
export function isLocalFile(given: string): boolean {
  if (given.startsWith("s3://") || given.startsWith(prefixes.scoringInput)) return false;
  return statSync(given, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Uploads a file to a folder named after the job, where jobs may read, and returns its address. */
export async function uploadInput(
  aws: Pick<Aws, "s3">,
  path: string,
  bucketName: string,
  jobName: string,
): Promise<string> {
  const Key = `${prefixes.scoringInput}${jobName}/${basename(path)}`;
  const ContentLength = statSync(path).size;
  const Body = createReadStream(path);
  await aws.s3().send(new PutObjectCommand({ Bucket: bucketName, Key, Body, ContentLength }));
  return `s3://${bucketName}/${Key}`;
}
