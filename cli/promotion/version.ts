/** What a promotion registers, as plain data. */

import { createHash } from "node:crypto";
import type {
  CreateModelPackageCommandInput,
  DescribeModelPackageCommandOutput,
} from "@aws-sdk/client-sagemaker";
import { prefixes } from "../../workflow/prefixes";
import { objectAt } from "../account/objects";
import { registeredFiles } from "../registry/content";
import type { Registration } from "../registry/deployed-release";
import { UsageError } from "../terminal/errors";

/** A version of another environment, and the location of its files. */
export interface SourceVersion {
  readonly environment: string;
  /** Its name in messages. */
  readonly named: string;
  readonly arn: string;
  readonly version: number;
  readonly created: string;
  readonly image: string;
  readonly bucketName: string;
  /** Folder of the training job, or of an earlier promotion; ends with `/`. */
  readonly folder: string;
  /** The artifact's key relative to the folder: `output/model.tar.gz`. */
  readonly model: string;
  /** The metrics' key relative to the folder: `output/evaluation.json`. */
  readonly metrics: string;
  /** The files with their SHA-256 at registration. */
  readonly files: ReturnType<typeof registeredFiles>;
  readonly description: DescribeModelPackageCommandOutput;
}

/** The location of the copy of a version's files. */
export interface Destination {
  readonly bucketName: string;
  /** Ends with `/`. */
  readonly folder: string;
}

// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
const maxProperties = 50;

/**
 * Checks that a version can be promoted.
 *
 * @throws UsageError if it is not approved and complete, lacks metrics or the SHA-256 of its files, or was not registered by this workflow
 */
export function promotable(
  environment: string,
  description: DescribeModelPackageCommandOutput,
): SourceVersion {
  const { ModelPackageArn: arn = "", ModelPackageVersion: version = 0, CreationTime } = description;
  const named = `Version ${version} of ${environment}`;
  const { ModelApprovalStatus: approval, ModelPackageStatus: status } = description;
  if (approval !== "Approved") {
    throw new UsageError(
      `${named} must be Approved, got ${approval}: approve it with npm run approve -- ${environment} ${version}`,
    );
  }
  if (status !== "Completed")
    throw new UsageError(`${named} must be Completed, got ${status}: promote another version`);
  const containers = description.InferenceSpecification?.Containers ?? [];
  const { Image: image, ModelDataUrl: modelDataUrl } = containers[0] ?? {};
  if (containers.length !== 1 || image === undefined || modelDataUrl === undefined) {
    throw new UsageError(
      `${named} must have one container with an image and a model artifact, got ${containers.length} containers`,
    );
  }
  const metricsUrl = description.ModelMetrics?.ModelQuality?.Statistics?.S3Uri;
  if (metricsUrl === undefined) {
    throw new UsageError(`${named} must have metrics, as every version that this workflow registers`);
  }
  const { promotedFrom: _, ...properties } = description.CustomerMetadataProperties ?? {};
  const count = Object.keys(properties).length;
  if (count + 1 > maxProperties) {
    throw new UsageError(
      `${named} must have at most ${maxProperties - 1} properties, because a promotion adds promotedFrom, got ${count}: remove some`,
    );
  }
  const { Bucket: bucketName, Key } = objectAt(modelDataUrl);
  const folder = new RegExp(`^${prefixes.modelArtifacts}[^/]+/(?=output/[^/]+$)`).exec(Key)?.[0];
  if (folder === undefined || !metricsUrl.startsWith(`s3://${bucketName}/${folder}output/`)) {
    throw new UsageError(
      `${named} must have artifact and metrics in ${prefixes.modelArtifacts}<job>/output/ of one bucket, got ${modelDataUrl} and ${metricsUrl}`,
    );
  }
  return {
    named: `version ${version} of ${environment}`,
    files: registeredFiles(`version ${version} of ${environment}`, description),
    ...{ environment, arn, version, image, bucketName, folder, description },
    created: CreationTime?.toISOString() ?? "",
    model: Key.slice(folder.length),
    metrics: objectAt(metricsUrl).Key.slice(folder.length),
  };
}

/** The folder of a version's copy: always the same, but different for a version of a recreated group. */
export function promotedFolder({
  environment,
  arn,
  version,
  created,
}: Pick<SourceVersion, "environment" | "arn" | "version" | "created">): string {
  return `${prefixes.modelArtifacts}promoted-${environment}-v${version}-${identity(arn, created).slice(0, 8)}/`;
}

/** The address of the copy of the version's file `name`. */
export function copiedUrl({ bucketName, folder }: Destination, name: string): string {
  return `s3://${bucketName}/${folder}${name}`;
}

/**
 * Checks that the model would run in the same image: the registry may differ, repository and tag must not.
 *
 * @throws UsageError if repository or tag differ
 */
export function checkImage(source: SourceVersion, environment: string, registration: Registration): void {
  const [{ Image }] = registration.InferenceSpecification.Containers;
  const inRegistry = (image: string) => image.slice(image.indexOf("/") + 1);
  if (inRegistry(Image) === inRegistry(source.image)) return;
  throw new UsageError(
    `The image of ${environment} must be ${source.image}, as of version ${source.version} of ${source.environment}, got ${Image}: deploy the same image there first, or train again`,
  );
}

/**
 * Returns the request that registers the copy.
 *
 * Image, region, group, instance types and approval come from `registration`; content types, metrics, environment
 * variables of the container and properties, including the SHA-256 of the files, come from the version.
 */
export function promotedRequest(
  source: SourceVersion,
  registration: Registration,
  destination: Destination,
): CreateModelPackageCommandInput {
  const { description } = source;
  const specification = description.InferenceSpecification;
  const container = specification?.Containers?.[0];
  const [{ Image, Environment }] = registration.InferenceSpecification.Containers;
  return {
    ModelPackageGroupName: registration.ModelPackageGroupName,
    ModelPackageDescription: `Promoted from version ${source.version} of ${source.environment}`,
    InferenceSpecification: {
      ...registration.InferenceSpecification,
      Containers: [
        {
          Image,
          ModelDataUrl: copiedUrl(destination, source.model),
          Environment: { ...container?.Environment, SAGEMAKER_REGION: Environment.SAGEMAKER_REGION },
        },
      ],
      SupportedContentTypes: specification?.SupportedContentTypes,
      SupportedResponseMIMETypes: specification?.SupportedResponseMIMETypes,
    },
    ModelMetrics: {
      ModelQuality: {
        Statistics: {
          ContentType: description.ModelMetrics?.ModelQuality?.Statistics?.ContentType,
          S3Uri: copiedUrl(destination, source.metrics),
        },
      },
    },
    ModelApprovalStatus: registration.ModelApprovalStatus,
    CustomerMetadataProperties: {
      ...description.CustomerMetadataProperties,
      promotedFrom: source.arn,
    },
    MetadataProperties: description.MetadataProperties,
    // A rerun must not create a second version. Tokens are per account, which two environments may share.
    ClientToken: identity(source.arn, source.created, registration.ModelPackageGroupName).slice(0, 36),
  };
}

/** Hashes what identifies a version: the ARN is not enough, because a recreated group starts again at version 1. */
function identity(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join(" ")).digest("hex");
}
