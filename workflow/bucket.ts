/** The artifact bucket as plain data: its name, its keys of code, and what protects it. */

import { baseName, type NameScope } from "./names";
import { prefixes } from "./settings";

/** The bucket's name starts with this; what follows makes it unique in the world. */
export function bucketNamePrefix(scope: NameScope): string {
  return `${baseName(scope)}-`;
}

/** The key, under `code/`, of a folder's tar.gz: it changes with the folder's content. */
export function codeKey(folder: string, contentHash: string): string {
  const name = folder.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");
  return `${prefixes.code}${name}-${contentHash}.tar.gz`;
}

/** How objects are encrypted: with S3's own key, unless one is given. */
export function bucketEncryption(kmsKeyArn: string | undefined) {
  return kmsKeyArn === undefined
    ? ({ algorithm: "AES256", kmsKeyArn: undefined, hasBucketKey: false } as const)
    : ({ algorithm: "aws:kms", kmsKeyArn, hasBucketKey: true } as const);
}

/** Days to keep versions of objects that were overwritten or deleted, unless the environment says otherwise. */
export const defaultNoncurrentVersionDays = 90;

/** Days after which parts of an upload that never ended are removed. */
const unfinishedUploadDays = 7;

/** A rule that holds for every object. */
interface LifecycleRule {
  readonly id: string;
  readonly noncurrentVersionDays?: number;
  readonly unfinishedUploadDays?: number;
}

/** What is deleted by itself, and after how many days. */
export function lifecycleRules(
  noncurrentVersionDays = defaultNoncurrentVersionDays,
): readonly LifecycleRule[] {
  return [
    { id: "noncurrent-versions", noncurrentVersionDays },
    { id: "unfinished-uploads", unfinishedUploadDays },
  ];
}

/** Refuses every request that does not come over TLS. */
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
