import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { bucketArn } from "../../workflow/arns";
import { bucketEncryption, bucketNamePrefix, tlsOnlyPolicy } from "../../workflow/bucket";
import { FailedError } from "../terminal/errors";
import type { Aws } from "./clients";
import type { Environment } from "./environment";
import { tagList } from "./tags";

/** Creates a bucket. Every region but us-east-1 must be given as a location constraint. */
export async function createBucket(aws: Aws, Bucket: string): Promise<void> {
  const { region } = aws.connection;
  await aws.s3().send(
    new CreateBucketCommand({
      Bucket,
      CreateBucketConfiguration:
        region === "us-east-1" ? undefined : { LocationConstraint: region as BucketLocationConstraint },
    }),
  );
}

/** Makes a bucket private, versioned, encrypted, tagged and accessible over TLS only. Idempotent. */
export async function secureBucket(
  aws: Aws,
  Bucket: string,
  { tags, kmsKeyArn }: { tags: Readonly<Record<string, string>>; kmsKeyArn?: string },
): Promise<void> {
  const s3 = aws.s3();
  const encryption = bucketEncryption(kmsKeyArn);
  await Promise.all([
    s3.send(
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: { TagSet: tagList(tags) },
      }),
    ),
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } })),
    s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [
            {
              ApplyServerSideEncryptionByDefault: {
                SSEAlgorithm: encryption.algorithm,
                KMSMasterKeyID: encryption.kmsKeyArn,
              },
              BucketKeyEnabled: encryption.hasBucketKey,
            },
          ],
        },
      }),
    ),
    s3.send(
      new PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      }),
    ),
  ]);
  // S3 refuses two changes to a bucket's access at the same time.
  const arn = bucketArn(await aws.place(), Bucket);
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(tlsOnlyPolicy(arn)) }));
}

/** Finds the environment's artifact bucket by name and tag, because other buckets may have the same prefix. */
export async function findArtifactBucket({
  aws,
  config,
  workflow,
  baseName,
}: Environment): Promise<string | undefined> {
  const { Buckets = [] } = await aws.s3().send(new ListBucketsCommand({}));
  const prefix = bucketNamePrefix(workflow);
  for (const { Name: Bucket } of Buckets) {
    if (Bucket === undefined || Bucket === config.stateBucket) continue;
    if (Bucket !== config.bucketName && !Bucket.startsWith(prefix)) continue;
    const { TagSet = [] } = await aws
      .s3()
      .send(new GetBucketTaggingCommand({ Bucket }))
      .catch(() => ({ TagSet: [] })); // A bucket without tags is not the workflow's.
    if (TagSet.some(({ Key, Value }) => Key === "workflow" && Value === baseName)) return Bucket;
  }
  return undefined;
}

/** Lists all versions and delete markers under a prefix, each of which prevents the bucket's deletion. */
export async function* objectVersions(
  aws: Aws,
  Bucket: string,
  Prefix?: string,
): AsyncGenerator<ObjectIdentifier> {
  let KeyMarker: string | undefined;
  let VersionIdMarker: string | undefined;
  do {
    const page = await aws
      .s3()
      .send(new ListObjectVersionsCommand({ Bucket, Prefix, KeyMarker, VersionIdMarker }));
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      yield { Key, VersionId };
    }
    KeyMarker = page.NextKeyMarker;
    VersionIdMarker = page.NextVersionIdMarker;
  } while (KeyMarker !== undefined);
}

/** Deletes object versions; calls `onBatch` with the size of each batch. */
export async function deleteVersions(
  aws: Aws,
  Bucket: string,
  objects: readonly ObjectIdentifier[],
  onBatch: (count: number) => void,
): Promise<void> {
  const limit = 1000; // per call
  for (let i = 0; i < objects.length; i += limit) {
    const Objects = objects.slice(i, i + limit);
    const { Errors = [] } = await aws
      .s3()
      .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [first] = Errors;
    if (first !== undefined) {
      throw new FailedError(
        `Cannot delete ${Errors.length} objects, the first ${first.Key}: ${first.Message}`,
      );
    }
    onBatch(Objects.length);
  }
}
