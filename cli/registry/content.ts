import { HeadObjectCommand, NotFound } from "@aws-sdk/client-s3";
import type { DescribeModelPackageCommandOutput } from "@aws-sdk/client-sagemaker";
import type { Aws } from "../account/clients";
import { objectAt } from "../account/objects";
import { UsageError } from "../terminal/errors";

/** A file of a version, with its SHA-256 at registration, in base64. */
interface RegisteredFile {
  readonly url: string;
  readonly sha256: string;
}

/** The parts of a version's description that name its files. */
export type RegisteredContent = Pick<
  DescribeModelPackageCommandOutput,
  "InferenceSpecification" | "ModelMetrics" | "CustomerMetadataProperties"
>;

/**
 * Returns the files of a version: its model artifact and its metrics.
 *
 * @param named the version's name in messages
 * @throws UsageError if it was registered without their SHA-256
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
      `PackageUnusable: ${named} was registered without the SHA-256 of its files, so they cannot be verified: train again`,
    );
  }
  return {
    model: { url: model, sha256: modelSha256 },
    metrics: { url: metrics, sha256: evaluationSha256 },
  };
}

/**
 * Checks that a version's files are those that were registered, as a release does before it deploys.
 *
 * @throws UsageError that names the first file that differs
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

/** Returns the SHA-256 that S3 stores with an object, or why there is none. */
async function storedSha256(aws: Aws, url: string): Promise<string> {
  try {
    const head = new HeadObjectCommand({ ...objectAt(url), ChecksumMode: "ENABLED" });
    return (await aws.s3().send(head)).ChecksumSHA256 ?? "none";
  } catch (error) {
    if (error instanceof NotFound) return "nothing, because the object no longer exists";
    throw error;
  }
}

/** The error for a file that differs from the registered one. */
export function changedFile(named: string, { url, sha256 }: RegisteredFile, found: string): UsageError {
  return new UsageError(
    `PackageUnusable: the SHA-256 of ${url} of ${named} must be ${sha256}, as registered, got ${found}: restore the registered version of the object, or choose another model version`,
  );
}
