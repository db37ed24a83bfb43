/** What a promotion registers, as plain data. */

import { createHash } from "node:crypto";
import type {
  CreateModelPackageCommandInput,
  DescribeModelPackageCommandOutput,
} from "@aws-sdk/client-sagemaker";
import { z } from "zod";
import { prefixes } from "../../workflow/settings";
import { objectAt } from "../account/objects";
import { registeredFiles } from "../registry/content";
import { UsageError } from "../terminal/errors";

/** What the deployed state machine of an environment registers: of that, all but the model itself holds for a promotion. */
const registrationSchema = z.object({
  ModelPackageGroupName: z.string(),
  ModelApprovalStatus: z.enum(["Approved", "PendingManualApproval"]),
  InferenceSpecification: z.looseObject({
    Containers: z.tuple([
      z.object({ Image: z.string(), Environment: z.object({ SAGEMAKER_REGION: z.string() }) }),
    ]),
  }),
});

export type Registration = z.infer<typeof registrationSchema>;

/** A version of another environment, and where its files lie. */
export interface SourceVersion {
  readonly environment: string;
  /** What it is called in messages. */
  readonly named: string;
  readonly arn: string;
  readonly version: number;
  readonly created: string;
  readonly image: string;
  readonly bucketName: string;
  /** Of the training job, or of an earlier promotion; ends with `/`. */
  readonly folder: string;
  /** The artifact's key without the folder's: `output/model.tar.gz`. */
  readonly model: string;
  /** That of the metrics: `output/evaluation.json`. */
  readonly metrics: string;
  /** Their SHA-256 when they were registered. */
  readonly files: ReturnType<typeof registeredFiles>;
  readonly description: DescribeModelPackageCommandOutput;
}

/** Where the copy of a version's files lies. */
export interface Destination {
  readonly bucketName: string;
  /** Ends with `/`. */
  readonly folder: string;
}

// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
const maxProperties = 50;

/**
 * What `definition`, a deployed one, registers.
 *
 * @throws UsageError when it registers nothing
 */
export function registrationOf(environment: string, definition: string): Registration {
  const schema = z.object({
    States: z.object({ RegisterModel: z.object({ Arguments: registrationSchema }) }),
  });
  const found = schema.safeParse(JSON.parse(definition));
  if (!found.success) {
    throw new UsageError(
      `What is deployed in ${environment} registers no model as this version of the commands knows it: deploy it again with npm run deploy -- ${environment}\n${z.prettifyError(found.error)}`,
    );
  }
  return found.data.States.RegisterModel.Arguments;
}

/**
 * Checks that a version can be promoted.
 *
 * @throws UsageError when it is not approved or complete, lacks metrics or the SHA-256 of its files, or is no version that this workflow registers
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
      `${named} is ${approval}, and only an approved version is promoted: npm run approve -- ${environment} ${version}`,
    );
  }
  if (status !== "Completed")
    throw new UsageError(`${named} is ${status}, not Completed: promote another one`);
  const containers = description.InferenceSpecification?.Containers ?? [];
  const { Image: image, ModelDataUrl: modelDataUrl } = containers[0] ?? {};
  if (containers.length !== 1 || image === undefined || modelDataUrl === undefined) {
    throw new UsageError(
      `${named} has ${containers.length} containers; one with an image and a model artifact can be promoted`,
    );
  }
  const metricsUrl = description.ModelMetrics?.ModelQuality?.Statistics?.S3Uri;
  if (metricsUrl === undefined) {
    throw new UsageError(`${named} has no metrics; a version that this workflow registered has some`);
  }
  const { promotedFrom: _, ...properties } = description.CustomerMetadataProperties ?? {};
  const count = Object.keys(properties).length;
  if (count + 1 > maxProperties) {
    throw new UsageError(
      `${named} has ${count} properties; a promotion adds promotedFrom, and SageMaker takes ${maxProperties}: remove some`,
    );
  }
  const { Bucket: bucketName, Key } = objectAt(modelDataUrl);
  const folder = new RegExp(`^${prefixes.modelArtifacts}[^/]+/(?=output/[^/]+$)`).exec(Key)?.[0];
  if (folder === undefined || !metricsUrl.startsWith(`s3://${bucketName}/${folder}output/`)) {
    throw new UsageError(
      `${named} has ${modelDataUrl} and ${metricsUrl}; executions put both into ${prefixes.modelArtifacts}<job>/output/ of one bucket, and only such a version is promoted`,
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

/** The folder of a version's copy: the same each time, and another one for a version of a group that was made anew. */
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
 * Checks that the model would be served by the image it was made for: registries differ, repository and tag must not.
 *
 * @throws UsageError when they do
 */
export function checkImage(source: SourceVersion, environment: string, registration: Registration): void {
  const [{ Image }] = registration.InferenceSpecification.Containers;
  const inRegistry = (image: string) => image.slice(image.indexOf("/") + 1);
  if (inRegistry(Image) === inRegistry(source.image)) return;
  throw new UsageError(
    `Version ${source.version} of ${source.environment} is served by ${source.image}, but ${environment} is deployed with ${Image}: deploy the same image there first, or train anew`,
  );
}

/**
 * The request that registers the copy.
 *
 * Image, region, group, instance types and approval are what `registration` has; content types, metrics, variables of
 * the container and properties are the version's own, the SHA-256 of its files among them.
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
    // A rerun must not make a second version; two environments may share an account, which knows tokens only.
    ClientToken: identity(source.arn, source.created, registration.ModelPackageGroupName).slice(0, 36),
  };
}

/** Versions begin at 1 again in a group that was made anew, so the ARN alone is not one version's for ever. */
function identity(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join(" ")).digest("hex");
}
