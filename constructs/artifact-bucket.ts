import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { defaultNoncurrentVersionDays, tlsOnlyPolicy, unfinishedUploadDays } from "../workflow/resources";

export interface ArtifactBucketProps {
  /** The bucket's name starts with this; AWS makes it unique. At most 37 characters. */
  readonly namePrefix: string;
  /**
   * The bucket's whole name, which must be free in the whole world.
   *
   * @default - `namePrefix` and a unique ending
   */
  readonly bucketName?: string;
  /**
   * Key that encrypts new objects.
   *
   * @default - S3's own key (AES256)
   */
  readonly kmsKeyArn?: string;
  /**
   * Delete the bucket with everything in it when the stack is destroyed.
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
}

/** A private, versioned, encrypted bucket that answers over TLS only. */
export class ArtifactBucket extends Construct {
  private readonly resource: S3Bucket;

  constructor(scope: Construct, id: string, props: ArtifactBucketProps) {
    super(scope, id);
    const {
      namePrefix,
      bucketName,
      kmsKeyArn,
      forceDestroy = false,
      noncurrentVersionDays = defaultNoncurrentVersionDays,
    } = props;
    if (!Token.isUnresolved(noncurrentVersionDays) && noncurrentVersionDays < 1) {
      throw new Error(`noncurrentVersionDays must be 1 or more, got ${noncurrentVersionDays}`);
    }
    if (bucketName === undefined && namePrefix.length > 37) {
      throw new Error(
        `namePrefix must have at most 37 characters, got ${namePrefix.length}: "${namePrefix}"`,
      );
    }
    this.resource = new S3Bucket(this, "Resource", {
      ...(bucketName === undefined ? { bucketPrefix: namePrefix } : { bucket: bucketName }),
      forceDestroy,
    });
    const bucket = this.resource.id;
    const versioning = new S3BucketVersioningA(this, "Versioning", {
      bucket,
      versioningConfiguration: { status: "Enabled" },
    });
    new S3BucketServerSideEncryptionConfigurationA(this, "Encryption", {
      bucket,
      rule: [
        {
          applyServerSideEncryptionByDefault:
            kmsKeyArn === undefined
              ? { sseAlgorithm: "AES256" }
              : { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
          bucketKeyEnabled: kmsKeyArn !== undefined,
        },
      ],
    });
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
    new S3BucketLifecycleConfiguration(this, "Lifecycle", {
      bucket,
      rule: [
        {
          id: "noncurrent-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          noncurrentVersionExpiration: [{ noncurrentDays: noncurrentVersionDays }],
        },
        {
          id: "unfinished-uploads",
          status: "Enabled",
          filter: [{ prefix: "" }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: unfinishedUploadDays }],
        },
      ],
      dependsOn: [versioning],
    });
  }

  get bucketName(): string {
    return this.resource.bucket;
  }
}
