import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { prefixes } from "../../workflow/prefixes";
import type { Aws } from "../account/clients";
import { objectAt } from "../account/objects";
import { UsageError } from "../terminal/errors";

/** An input or output object. */
export interface ScoringObject {
  readonly key: string;
  readonly bytes: number;
}

/** Maximum size of one request to the model, in MB; larger objects are split between lines. */
export const maxPayloadInMB = 6;

/** How much of an object to read for its first line; no feature table has a longer header. */
const headBytes = 64 * 1024;

/**
 * Returns the address of the input: a key or prefix under `scoring-input/` of the bucket, or its S3 address.
 *
 * @throws UsageError if it is elsewhere, where jobs may not read
 */
export function scoringInputUrl(given: string, bucketName: string): string {
  return urlUnder(given, bucketName, prefixes.scoringInput, "The input");
}

/**
 * Returns the address of a job's output: as given, or a folder named after the job.
 *
 * @throws UsageError if it is elsewhere, where jobs may not write
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
      `${what} must be under ${root}${prefix}, where jobs have access, got ${given}: copy it there with aws s3 cp <file> ${root}${prefix}`,
    );
  }
  return url;
}

/** Lists the objects whose keys begin with an address. */
export async function objectsAt(aws: Aws, url: string): Promise<ScoringObject[]> {
  const { Bucket, Key: Prefix } = objectAt(url);
  const found: ScoringObject[] = [];
  for await (const page of paginateListObjectsV2({ client: aws.s3() }, { Bucket, Prefix })) {
    for (const { Key = "", Size = 0 } of page.Contents ?? []) found.push({ key: Key, bytes: Size });
  }
  return found;
}

/**
 * Refuses objects that have a header and are split into several requests: only the first request would contain the
 * header, and the model would read the columns of the others in the order of training.
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
        `s3://${Bucket}/${Key} must not have a header, because it is larger than ${maxPayloadInMB} MB, the limit of one request, and later requests would lack it: remove the header, with the columns in the order of training, or split the object. Nothing was started`,
      );
    }
  }
}

/** Cells that count as missing values, as in python/scripts/cells.py; a test compares the two. */
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
 * Whether a CSV text begins with a line that contains a name: a cell that is neither a number nor a missing value.
 *
 * If all names are numbers, this check takes the header for a row; the model recognizes it.
 */
export function isHeader(text: string): boolean {
  const [line = ""] = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1);
  return line
    .split(",")
    .map((cell) => cell.trim())
    .some((cell) => !missingMarkers.has(cell) && Number.isNaN(Number(cell)));
}
