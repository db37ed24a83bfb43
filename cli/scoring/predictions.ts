import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Aws } from "../account/clients";
import { objectAt } from "../account/objects";
import type { ScoringObject } from "./addresses";

const shownLines = 5;
const longestLine = 200;
/** Enough for the lines that are shown. */
const readBytes = 4096;

/** Returns the first predictions of a job's first output file. */
export async function firstPredictions(
  aws: Pick<Aws, "s3">,
  outputUrl: string,
  [first]: readonly ScoringObject[],
): Promise<string[]> {
  // S3 refuses a range of an empty object.
  if (first === undefined || first.bytes === 0) return [];
  const { Bucket } = objectAt(outputUrl);
  const read = new GetObjectCommand({ Bucket, Key: first.key, Range: `bytes=0-${readBytes - 1}` });
  const { Body } = await aws.s3().send(read);
  const text = (await Body?.transformToString()) ?? "";
  const lines = text.trimEnd().split("\n");
  // The last line may be cut off.
  const whole = first.bytes > readBytes && lines.length > 1 ? lines.slice(0, -1) : lines;
  return whole
    .slice(0, shownLines)
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line));
}
