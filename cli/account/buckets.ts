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
import { bucketNamePrefix, tlsOnlyPolicy } from "../../workflow/resources";
import { FailedError } from "../terminal/errors";
import type { Aws } from "./clients";
import type { Environment } from "./environment";
import { tagList } from "./tags";

/** Makes a bucket, in a region that takes its own name for it; us-east-1 does not. */
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

/** Makes a bucket private, versioned, encrypted and tagged, answering over TLS only; what is so already stays. */
export async function secureBucket(
  aws: Aws,
  Bucket: string,
  { tags, kmsKeyArn }: { tags: Readonly<Record<string, string>>; kmsKeyArn?: string },
): Promise<void> {
  const s3 = aws.s3();
  const encryption =
    kmsKeyArn === undefined
      ? ({ SSEAlgorithm: "AES256" } as const)
      : ({ SSEAlgorithm: "aws:kms", KMSMasterKeyID: kmsKeyArn } as const);
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
            { ApplyServerSideEncryptionByDefault: encryption, BucketKeyEnabled: kmsKeyArn !== undefined },
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

/** The artifact bucket of an environment: of its name and with its tag, since other buckets may start like it. */
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
      .catch(() => ({ TagSet: [] })); // without tags it is not ours
    if (TagSet.some(({ Key, Value }) => Key === "workflow" && Value === baseName)) return Bucket;
  }
  return undefined;
}

/** Every version and delete marker under a prefix: a bucket that holds one cannot be deleted. */
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

/** Deletes object versions; `tell` hears of each batch. */
export async function deleteVersions(
  aws: Aws,
  Bucket: string,
  objects: readonly ObjectIdentifier[],
  tell: (count: number) => void,
): Promise<void> {
  const limit = 1000; // of one call
  for (let i = 0; i < objects.length; i += limit) {
    const Objects = objects.slice(i, i + limit);
    const { Errors = [] } = await aws
      .s3()
      .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [first] = Errors;
    if (first !== undefined) {
      throw new FailedError(
        `${Errors.length} objects could not be deleted, the first ${first.Key}: ${first.Message}`,
      );
    }
    tell(Objects.length);
  }
}
