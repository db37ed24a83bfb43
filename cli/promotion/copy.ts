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

/** Under which key of its metadata a copy says what it is a copy of. */
const copiedFrom = "copied-from-etag";

/** A file of a version. */
export interface Artifact {
  /** Its key without the folder's, such as `output/model.tar.gz`. */
  readonly name: string;
  readonly bytes: number;
  readonly etag: string;
}

/**
 * What belongs to a version: artifact, metrics, and what training and comparison left beside them.
 *
 * @throws UsageError when the artifact or the metrics are gone, or something is too large for one upload
 */
export async function findArtifacts(aws: Aws, source: SourceVersion): Promise<Artifact[]> {
  const { bucketName: Bucket, folder } = source;
  const found: Artifact[] = [];
  for (const part of ["output/", "comparison/"]) {
    const search = { Bucket, Prefix: `${folder}${part}` };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: aws.s3() }, search)) {
      for (const { Key = "", Size: bytes = 0, ETag: etag = "" } of Contents) {
        // The console makes empty objects for folders.
        if (!Key.endsWith("/")) found.push({ name: Key.slice(folder.length), bytes, etag });
      }
    }
  }
  const place = (name: string) => `s3://${Bucket}/${folder}${name}`;
  for (const name of [source.model, source.metrics]) {
    if (found.some((artifact) => artifact.name === name)) continue;
    throw new UsageError(
      `${place(name)} of version ${source.version} of ${source.environment} is gone: promote another version`,
    );
  }
  const large = found.find(({ bytes }) => bytes > maxBytes);
  if (large !== undefined) {
    throw new UsageError(
      `${place(large.name)} has ${size(large.bytes)}, more than the ${size(maxBytes)} that one upload takes: make it smaller, or train in the other environment`,
    );
  }
  return found;
}

/** A copied object: its content's SHA-256, base64. */
export interface Copy {
  readonly sha256: string;
  /** Whether an earlier try had copied it. */
  readonly found: boolean;
}

/**
 * Copies one object as a stream, unless the very same is there.
 *
 * S3 compares what arrives with the SHA-256 of what was read, and stores the whole object or nothing.
 *
 * @throws FailedError when S3 says of the copy that its checksum is another one
 * @throws UsageError when the content is not what was registered; no version is then
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
      `s3://${target.Bucket}/${target.Key} is no copy of what was read: its SHA-256 is ${ChecksumSHA256}, not ${sha256}. No version was registered; try again`,
    );
  }
  requireRegistered(source, name, sha256);
  return { sha256, found: false };
}

/** The checksum of an earlier copy of the same object. */
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

/** A file may have been changed since it was looked at, or before an earlier try copied it. */
function requireRegistered(
  { named, model, metrics, files }: SourceVersion,
  name: string,
  found: string,
): void {
  const registered = name === model ? files.model : name === metrics ? files.metrics : undefined;
  if (registered !== undefined && registered.sha256 !== found) throw changedFile(named, registered, found);
}
