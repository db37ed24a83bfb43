/** Copies a version's files from one environment's bucket to another's, each with its own credentials. */

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import type { Aws } from "../account/clients";
import { changedFile } from "../registry/content";
import { FailedError, UsageError } from "../terminal/errors";
import { size } from "../terminal/size";
import type { Destination, SourceVersion } from "./version";

/** S3's limit for one upload, in bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
const maxBytes = 5 * 1024 ** 3;

/** The key in a copy's metadata that holds the ETag of the original. */
const copiedFrom = "copied-from-etag";

/** A file of a version. */
export interface Artifact {
  /** Its key relative to the folder, such as `output/model.tar.gz`. */
  readonly name: string;
  readonly bytes: number;
  readonly etag: string;
}

/**
 * Lists the files of a version: artifact, metrics, and other output of training and comparison.
 *
 * @throws UsageError if the artifact or the metrics are missing, or a file is too large for one upload
 */
export async function findArtifacts(aws: Aws, source: SourceVersion): Promise<Artifact[]> {
  const { bucketName: Bucket, folder } = source;
  const found: Artifact[] = [];
  for (const part of ["output/", "comparison/"]) {
    const search = { Bucket, Prefix: `${folder}${part}` };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: aws.s3() }, search)) {
      for (const { Key = "", Size: bytes = 0, ETag: etag = "" } of Contents) {
        // The console creates empty objects for folders.
        if (!Key.endsWith("/")) found.push({ name: Key.slice(folder.length), bytes, etag });
      }
    }
  }
  const urlOf = (name: string) => `s3://${Bucket}/${folder}${name}`;
  for (const name of [source.model, source.metrics]) {
    if (found.some((artifact) => artifact.name === name)) continue;
    throw new UsageError(
      `${urlOf(name)} of version ${source.version} of ${source.environment} no longer exists: promote another version`,
    );
  }
  const large = found.find(({ bytes }) => bytes > maxBytes);
  if (large !== undefined) {
    throw new UsageError(
      `${urlOf(large.name)} must have at most ${size(maxBytes)}, the limit of one upload, got ${size(large.bytes)}: reduce it, or train in the other environment`,
    );
  }
  return found;
}

/** A copied object, with the SHA-256 of its content in base64. */
export interface Copy {
  readonly sha256: string;
  /** Whether an earlier attempt had copied it. */
  readonly found: boolean;
}

/**
 * Copies one object as a stream, unless an identical copy exists.
 *
 * S3 compares the upload with the SHA-256 of the content read, and stores the whole object or nothing.
 *
 * @throws FailedError if S3 reports another checksum for the copy
 * @throws UsageError if the content differs from what was registered; no version is registered then
 */
export async function copyArtifact(
  [from, to]: readonly [Aws, Aws],
  { name, bytes, etag }: Artifact,
  source: SourceVersion,
  destination: Destination,
): Promise<Copy> {
  const target = { Bucket: destination.bucketName, Key: `${destination.folder}${name}` };
  const known = await copiedBefore(to, target, { bytes, etag });
  if (known !== undefined) {
    requireRegistered(source, name, known);
    return { sha256: known, found: true };
  }
  const { Body, ContentType } = await from
    .s3()
    .send(new GetObjectCommand({ Bucket: source.bucketName, Key: `${source.folder}${name}`, IfMatch: etag }));
  const hash = createHash("sha256");
  const hashed = async function* () {
    for await (const chunk of Body as Readable) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const { ChecksumSHA256 = "" } = await to.s3().send(
    new PutObjectCommand({
      ...target,
      Body: Readable.from(hashed(), { objectMode: false }),
      ContentLength: bytes,
      ContentType,
      ChecksumAlgorithm: "SHA256",
      Metadata: { [copiedFrom]: etag },
    }),
  );
  const sha256 = hash.digest("base64");
  if (ChecksumSHA256 !== sha256) {
    throw new FailedError(
      `The SHA-256 of s3://${target.Bucket}/${target.Key} must be ${sha256}, as read, got ${ChecksumSHA256}: try again. No version was registered`,
    );
  }
  requireRegistered(source, name, sha256);
  return { sha256, found: false };
}

/** Returns the checksum of an earlier copy of the same object. */
async function copiedBefore(
  aws: Aws,
  target: { Bucket: string; Key: string },
  { bytes, etag }: Pick<Artifact, "bytes" | "etag">,
): Promise<string | undefined> {
  try {
    const found = await aws.s3().send(new HeadObjectCommand({ ...target, ChecksumMode: "ENABLED" }));
    const same = found.ContentLength === bytes && found.Metadata?.[copiedFrom] === etag;
    return same ? found.ChecksumSHA256 : undefined;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** Checks a file again: it may have changed since the first check, or before an earlier attempt copied it. */
function requireRegistered(
  { named, model, metrics, files }: SourceVersion,
  name: string,
  found: string,
): void {
  const registered = name === model ? files.model : name === metrics ? files.metrics : undefined;
  if (registered !== undefined && registered.sha256 !== found) throw changedFile(named, registered, found);
}
