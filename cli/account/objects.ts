import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Aws } from "./clients";

/** The location of an object. */
interface ObjectPlace {
  readonly Bucket: string;
  readonly Key: string;
}

/** Bucket and key of an S3 address. */
export function objectAt(url: string): ObjectPlace {
  const { hostname, pathname } = new URL(url);
  return { Bucket: hostname, Key: pathname.slice(1) };
}

/** Returns an object's text; undefined if it does not exist, such as after a cleanup. */
export async function readText(aws: Aws, place: ObjectPlace): Promise<string | undefined> {
  try {
    const { Body } = await aws.s3().send(new GetObjectCommand(place));
    return (await Body?.transformToString()) ?? "";
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchKey") return undefined;
    throw error;
  }
}

/** Returns an object's JSON; undefined if it does not exist. */
export async function readJson(aws: Aws, place: ObjectPlace): Promise<unknown> {
  const text = await readText(aws, place);
  return text === undefined ? undefined : JSON.parse(text);
}
