import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Testing } from "cdktf";
import { ArtifactBucket, type ArtifactBucketProps } from "../../constructs/artifact-bucket";
import "./matchers";

const synth = (props: Partial<ArtifactBucketProps> = {}) =>
  Testing.synthScope((scope) => new ArtifactBucket(scope, "B", { namePrefix: "housing-dev-", ...props }));

describe("ArtifactBucket", () => {
  it("gets a unique name, and is kept with what it holds unless told otherwise", () => {
    expect(synth()).toHaveResourceWithProperties(S3Bucket, {
      bucket_prefix: "housing-dev-",
      force_destroy: false,
    });
    expect(synth({ forceDestroy: true })).toHaveResourceWithProperties(S3Bucket, { force_destroy: true });
  });

  it("takes an explicit name", () => {
    const { resource } = JSON.parse(synth({ bucketName: "mine" }));
    expect(Object.values(resource.aws_s3_bucket)).toEqual([
      expect.objectContaining({ bucket: "mine", force_destroy: false }),
    ]);
    expect(JSON.stringify(resource)).not.toContain("bucket_prefix");
  });

  it("keeps versions", () => {
    expect(synth()).toHaveResourceWithProperties(S3BucketVersioningA, {
      versioning_configuration: { status: "Enabled" },
    });
  });

  it("encrypts with S3's key, or with one of ours", () => {
    const encrypted = (byDefault: object, bucketKeyEnabled: boolean) => ({
      rule: [{ apply_server_side_encryption_by_default: byDefault, bucket_key_enabled: bucketKeyEnabled }],
    });
    expect(synth()).toHaveResourceWithProperties(
      S3BucketServerSideEncryptionConfigurationA,
      encrypted({ sse_algorithm: "AES256" }, false),
    );
    const kmsKeyArn = "arn:aws:kms:us-east-1:123456789012:key/1";
    expect(synth({ kmsKeyArn })).toHaveResourceWithProperties(
      S3BucketServerSideEncryptionConfigurationA,
      encrypted({ sse_algorithm: "aws:kms", kms_master_key_id: kmsKeyArn }, true),
    );
  });

  it("is closed to the public", () => {
    expect(synth()).toHaveResourceWithProperties(S3BucketPublicAccessBlock, {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
  });

  it("refuses plain HTTP", () => {
    const { resource } = JSON.parse(synth());
    const [{ policy }] = Object.values(resource.aws_s3_bucket_policy) as { policy: string }[] as [
      { policy: string },
    ];
    const arn = expect.stringMatching(/^\$\{aws_s3_bucket\.\w+\.arn\}/);
    expect(JSON.parse(policy).Statement).toEqual([
      {
        Sid: "DenyPlainHttp",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, arn],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]);
    expect(synth()).toHaveResource(S3BucketPolicy);
  });

  it("drops old versions, unfinished uploads, checkpoints, and captured requests", () => {
    const capture = { percentage: 1, prefix: "data-capture/", retentionInDays: 3 };
    expect(synth({ noncurrentVersionDays: 7, capture })).toHaveResourceWithProperties(
      S3BucketLifecycleConfiguration,
      {
        rule: [
          {
            id: "noncurrent-versions",
            status: "Enabled",
            filter: [{ prefix: "" }],
            noncurrent_version_expiration: [{ noncurrent_days: 7 }],
          },
          {
            id: "unfinished-uploads",
            status: "Enabled",
            filter: [{ prefix: "" }],
            abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
          },
          {
            id: "checkpoints",
            status: "Enabled",
            filter: [{ prefix: "checkpoints/" }],
            expiration: [{ days: 30 }],
          },
          {
            id: "captured-requests",
            status: "Enabled",
            filter: [{ prefix: "data-capture/" }],
            expiration: [{ days: 3 }],
            noncurrent_version_expiration: [{ noncurrent_days: 1 }],
          },
          ...["reports", "latest"].map((name) => ({
            id: `monitor-${name}`,
            status: "Enabled",
            filter: [{ prefix: `monitoring/${name}/` }],
            expiration: [{ days: 3 }],
            noncurrent_version_expiration: [{ noncurrent_days: 1 }],
          })),
        ],
      },
    );
  });

  it("fails when versions would be dropped on the day they are replaced", () => {
    expect(() => synth({ noncurrentVersionDays: 0 })).toThrow(
      "noncurrentVersionDays must be 1 or more, got 0",
    );
  });

  it("fails when the name prefix leaves no room for a unique ending", () => {
    expect(() => synth({ namePrefix: "a".repeat(38) })).toThrow(
      "namePrefix must have at most 37 characters, got 38",
    );
  });
});
