import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { prefixes } from "../../workflow/settings";
import type { Aws } from "../account/clients";
import { objectAt } from "../account/objects";
import { UsageError } from "../terminal/errors";

/** One object of the input or the output. */
export interface ScoringObject {
  readonly key: string;
  readonly bytes: number;
}

/** Most that one request to the model holds, in MB; larger objects are split between lines. */
export const maxPayloadInMB = 6;

/** Enough of an object to see its first line; no feature table has a longer header. */
const headBytes = 64 * 1024;

/**
 * The address of what is to be scored: a key or prefix under `scoring-input/` of the bucket, or its S3 address.
 *
 * @throws UsageError when it lies elsewhere, where jobs may not read
 */
export function scoringInputUrl(given: string, bucketName: string): string {
  return urlUnder(given, bucketName, prefixes.scoringInput, "The input");
}

/**
 * The address under which a job writes: as given, or a folder of the job's own.
 *
 * @throws UsageError when it lies elsewhere, where jobs may not write
 */
export function scoringOutputUrl(given: string | undefined, bucketName: string, jobName: string): string {
  if (given === undefined) return `s3://${bucketName}/${prefixes.scoringOutput}${jobName}/`;
  return urlUnder(given, bucketName, prefixes.scoringOutput, "--output");
}

function urlUnder(given: string, bucketName: string, prefix: string, what: string): string {
  const root = `s3://${bucketName}/`;
  const url = given.startsWith("s3://") ? given : root + given.replace(/^\//, "");
  if (!url.startsWith(root + prefix)) {
    throw new UsageError(
      `${what} must lie under ${root}${prefix}, where jobs have access; got ${given}. Copy it there: aws s3 cp <file> ${root}${prefix}`,
    );
  }
  return url;
}

/** The objects whose keys begin with an address. */
export async function objectsAt(aws: Aws, url: string): Promise<ScoringObject[]> {
  const { Bucket, Key: Prefix } = objectAt(url);
  const found: ScoringObject[] = [];
  for await (const page of paginateListObjectsV2({ client: aws.s3() }, { Bucket, Prefix })) {
    for (const { Key = "", Size = 0 } of page.Contents ?? []) found.push({ key: Key, bytes: Size });
  }
  return found;
}

/**
 * Fails where an object is split into several requests and begins with a header: only the first request would have it,
 * and the columns of the others would be taken in the order of training.
 *
 * @throws UsageError that names the object
 */
export async function refuseSplitHeaders(
  aws: Aws,
  url: string,
  objects: readonly ScoringObject[],
): Promise<void> {
  const { Bucket } = objectAt(url);
  for (const { key: Key, bytes } of objects) {
    if (bytes <= maxPayloadInMB * 1024 * 1024) continue;
    const { Body } = await aws
      .s3()
      .send(new GetObjectCommand({ Bucket, Key, Range: `bytes=0-${headBytes - 1}` }));
    if (isHeader((await Body?.transformToString()) ?? "")) {
      throw new UsageError(
        `s3://${Bucket}/${Key} has a header and is larger than ${maxPayloadInMB} MB, the most that one request holds: the requests after the first would lack the header. Nothing was started. Leave the header out, its columns in the order of training, or split the object`,
      );
    }
  }
}

/** What stands for a value that is not known; python/scripts/cells.py decides it, and a test compares the two. */
export const missingMarkers: ReadonlySet<string> = new Set([
  "",
  "NA",
  "N/A",
  "nan",
  "NaN",
  "NAN",
  "null",
  "NULL",
  "None",
]);

/**
 * Whether a CSV text begins with a line that holds a name: a cell that is neither a number nor a missing value.
 *
 * Names that are all numbers cannot be told from a row here; the model can, and takes them for a header.
 */
export function isHeader(text: string): boolean {
  const [line = ""] = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1);
  return line
    .split(",")
    .map((cell) => cell.trim())
    .some((cell) => !missingMarkers.has(cell) && Number.isNaN(Number(cell)));
}
