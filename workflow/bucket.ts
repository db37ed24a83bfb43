/** The artifact bucket as plain data: its name, its keys for code, and its protection. */

import type { CaptureSettings } from "./endpoint/capture";
import { baseName, type NameScope } from "./names";
import { prefixes } from "./prefixes";

/** Prefix of the bucket's name; the rest makes it globally unique. */
export function bucketNamePrefix(scope: NameScope): string {
  return `${baseName(scope)}-`;
}

/** The key of a folder's tar.gz under `code/`, which changes with the folder's content. */
export function codeKey(folder: string, contentHash: string): string {
  const name = folder.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");
  return `${prefixes.code}${name}-${contentHash}.tar.gz`;
}

/** How objects are encrypted: with the given key, or with S3's own. */
export function bucketEncryption(kmsKeyArn: string | undefined) {
  return kmsKeyArn === undefined
    ? ({ algorithm: "AES256", kmsKeyArn: undefined, hasBucketKey: false } as const)
    : ({ algorithm: "aws:kms", kmsKeyArn, hasBucketKey: true } as const);
}

/** Default number of days to keep versions of objects that were overwritten or deleted. */
export const defaultNoncurrentVersionDays = 90;

/** Days after which parts of incomplete uploads are removed. */
const unfinishedUploadDays = 7;

/** Days after which checkpoints are deleted: a job that would go on from them has long ended. */
const checkpointDays = 30;

/** A rule for all objects, or for those under a prefix. */
interface LifecycleRule {
  readonly id: string;
  readonly prefix?: string;
  readonly expirationDays?: number;
  readonly noncurrentVersionDays?: number;
  readonly unfinishedUploadDays?: number;
}

/** The rule that expires captured requests. */
export const captureRuleId = "captured-requests";

/** What is deleted automatically, and after how many days. */
export function lifecycleRules(
  capture: CaptureSettings | undefined,
  noncurrentVersionDays = defaultNoncurrentVersionDays,
): readonly LifecycleRule[] {
  return [
    { id: "noncurrent-versions", noncurrentVersionDays },
    { id: "unfinished-uploads", unfinishedUploadDays },
    { id: "checkpoints", prefix: prefixes.checkpoints, expirationDays: checkpointDays },
    ...(capture === undefined
      ? []
      : [
          {
            id: captureRuleId,
            prefix: capture.prefix,
            expirationDays: capture.retentionInDays,
            // Requests may be about persons: expired ones do not stay as old versions. Of two rules the shorter time counts.
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
            noncurrentVersionDays: 1,
          },
          // Reports name values of requests; the newest one is written again by each run.
          ...Object.entries({ reports: prefixes.monitorReports, latest: prefixes.latestReports }).map(
            ([name, prefix]) => ({
              id: `monitor-${name}`,
              prefix,
              expirationDays: capture.retentionInDays,
              noncurrentVersionDays: 1,
            }),
          ),
        ]),
  ];
}

/** Denies every request without TLS. */
export function tlsOnlyPolicy(bucketArn: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "DenyPlainHttp",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, `${bucketArn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}
