import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { bucketEncryption, lifecycleRules, tlsOnlyPolicy } from "../workflow/bucket";
import type { CaptureSettings } from "../workflow/endpoint/capture";

export interface ArtifactBucketProps {
  /** Prefix of the bucket's name; AWS makes it unique. At most 37 characters. */
  readonly namePrefix: string;
  /**
   * The bucket's complete name, which must be globally unique.
   *
   * @default - `namePrefix` and a unique suffix
   */
  readonly bucketName?: string;
  /**
   * Key that encrypts new objects.
   *
   * @default - S3's own key (AES256)
   */
  readonly kmsKeyArn?: string;
  /**
   * Delete the bucket with its contents when the stack is destroyed.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;
  /**
   * Days to keep versions of objects that were overwritten or deleted.
   *
   * @default 90
   */
  readonly noncurrentVersionDays?: number;
  /**
   * The endpoint's captured requests, which expire.
   *
   * @default - none
   */
  readonly capture?: CaptureSettings;
}

/** A private, versioned, encrypted bucket that is accessible over TLS only. */
export class ArtifactBucket extends Construct {
  private readonly resource: S3Bucket;

  constructor(scope: Construct, id: string, props: ArtifactBucketProps) {
    super(scope, id);
    const { namePrefix, bucketName, kmsKeyArn, forceDestroy = false } = props;
    check(props);
    this.resource = new S3Bucket(this, "Resource", {
      ...(bucketName === undefined ? { bucketPrefix: namePrefix } : { bucket: bucketName }),
      forceDestroy,
    });
    const versioning = new S3BucketVersioningA(this, "Versioning", {
      bucket: this.resource.id,
      versioningConfiguration: { status: "Enabled" },
    });
    this.encrypt(kmsKeyArn);
    this.closeToPublic();
    this.expire(props, versioning);
  }

  private encrypt(kmsKeyArn: string | undefined): void {
    const encryption = bucketEncryption(kmsKeyArn);
    new S3BucketServerSideEncryptionConfigurationA(this, "Encryption", {
      bucket: this.resource.id,
      rule: [
        {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: encryption.algorithm,
            kmsMasterKeyId: encryption.kmsKeyArn,
          },
          bucketKeyEnabled: encryption.hasBucketKey,
        },
      ],
    });
  }

  private closeToPublic(): void {
    const bucket = this.resource.id;
    const publicAccessBlock = new S3BucketPublicAccessBlock(this, "PublicAccessBlock", {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketPolicy(this, "Policy", {
      bucket,
      policy: JSON.stringify(tlsOnlyPolicy(this.resource.arn)),
      // S3 refuses two changes to a bucket's access at the same time.
      dependsOn: [publicAccessBlock],
    });
  }

  private expire(
    { capture, noncurrentVersionDays }: ArtifactBucketProps,
    versioning: S3BucketVersioningA,
  ): void {
    new S3BucketLifecycleConfiguration(this, "Lifecycle", {
      bucket: this.resource.id,
      rule: lifecycleRules(capture, noncurrentVersionDays).map(({ id, prefix = "", ...days }) => ({
        id,
        status: "Enabled",
        filter: [{ prefix }],
        ...(days.expirationDays !== undefined && { expiration: [{ days: days.expirationDays }] }),
        ...(days.noncurrentVersionDays !== undefined && {
          noncurrentVersionExpiration: [{ noncurrentDays: days.noncurrentVersionDays }],
        }),
        ...(days.unfinishedUploadDays !== undefined && {
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: days.unfinishedUploadDays }],
        }),
      })),
      dependsOn: [versioning],
    });
  }

  get bucketName(): string {
    return this.resource.bucket;
  }
}

function check({ namePrefix, bucketName, noncurrentVersionDays = 1 }: ArtifactBucketProps): void {
  if (!Token.isUnresolved(noncurrentVersionDays) && noncurrentVersionDays < 1) {
    throw new Error(`noncurrentVersionDays must be 1 or more, got ${noncurrentVersionDays}`);
  }
  if (bucketName === undefined && namePrefix.length > 37) {
    throw new Error(`namePrefix must have at most 37 characters, got ${namePrefix.length}: "${namePrefix}"`);
  }
}
