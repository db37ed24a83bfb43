import { HeadObjectCommand, NotFound } from "@aws-sdk/client-s3";
import type { DescribeModelPackageCommandOutput } from "@aws-sdk/client-sagemaker";
import type { Aws } from "../account/clients";
import { objectAt } from "../account/objects";
import { UsageError } from "../terminal/errors";

/** A file of a version, with the SHA-256 that it was registered with, base64. */
export interface RegisteredFile {
  readonly url: string;
  readonly sha256: string;
}

/** What of a version says which files are its own. */
export type RegisteredContent = Pick<
  DescribeModelPackageCommandOutput,
  "InferenceSpecification" | "ModelMetrics" | "CustomerMetadataProperties"
>;

/**
 * The files of a version: its model artifact and its metrics.
 *
 * @param named what the version is called in messages
 * @throws UsageError where it was registered without their SHA-256
 */
export function registeredFiles(
  named: string,
  version: RegisteredContent,
): Record<"model" | "metrics", RegisteredFile> {
  const { modelSha256, evaluationSha256 } = version.CustomerMetadataProperties ?? {};
  const model = version.InferenceSpecification?.Containers?.[0]?.ModelDataUrl;
  const metrics = version.ModelMetrics?.ModelQuality?.Statistics?.S3Uri;
  if (
    modelSha256 === undefined ||
    evaluationSha256 === undefined ||
    model === undefined ||
    metrics === undefined
  ) {
    throw new UsageError(
      `PackageUnusable: ${named} was registered without the SHA-256 of its files: nobody can tell whether they are those that were approved. Train again`,
    );
  }
  return {
    model: { url: model, sha256: modelSha256 },
    metrics: { url: metrics, sha256: evaluationSha256 },
  };
}

/**
 * Checks that a version's files are those that were registered, as a release does before anything serves.
 *
 * @throws UsageError that says which file is not, and what to do
 */
export async function requireRegisteredFiles(
  aws: Aws,
  named: string,
  version: RegisteredContent,
): Promise<void> {
  for (const { url, sha256 } of Object.values(registeredFiles(named, version))) {
    const found = await storedSha256(aws, url);
    if (found !== sha256) throw changedFile(named, { url, sha256 }, found);
  }
}

/** What S3 has kept with an object: a word instead, where there is none. */
async function storedSha256(aws: Aws, url: string): Promise<string> {
  try {
    const head = new HeadObjectCommand({ ...objectAt(url), ChecksumMode: "ENABLED" });
    return (await aws.s3().send(head)).ChecksumSHA256 ?? "none";
  } catch (error) {
    if (error instanceof NotFound) return "that of nothing, since it is gone";
    throw error;
  }
}

/** Says that a file is not what was registered. */
export function changedFile(named: string, { url, sha256 }: RegisteredFile, found: string): UsageError {
  return new UsageError(
    `PackageUnusable: ${url} of ${named} is not what was registered: its SHA-256 is ${found}, registered was ${sha256}. Put back the object's version that was registered, or take another version`,
  );
}
