import type { DescribeModelPackageCommandOutput } from "@aws-sdk/client-sagemaker";
import {
  checkImage,
  promotable,
  promotedFolder,
  promotedRequest,
  type SourceVersion,
} from "../../../cli/promotion/version";
import { registrationOf } from "../../../cli/registry/deployed-release";
import { workflowDefinition } from "../../../workflow/definition";
import type { WorkflowProps } from "../../../workflow/props";
import { workflow } from "../../fixtures";

const image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3";
const frankfurt = {
  region: "eu-central-1",
  bucketName: "housing-prod-bucket",
  imageUri: "492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
};
const destination = { bucketName: "housing-prod-bucket", folder: "model-artifacts/promoted/" };

const hashes = { modelSha256: "bW9kZWw=", evaluationSha256: "ZXZhbHVhdGlvbg==" };

const described: DescribeModelPackageCommandOutput = {
  $metadata: {},
  ModelPackageName: "housing-dev",
  ModelPackageArn: "arn:aws:sagemaker:us-east-1:111122223333:model-package/housing-dev/7",
  ModelPackageVersion: 7,
  ModelPackageStatus: "Completed",
  ModelPackageStatusDetails: { ValidationStatuses: [] },
  ModelApprovalStatus: "Approved",
  CreationTime: new Date("2026-01-02T03:04:05Z"),
  InferenceSpecification: {
    Containers: [
      {
        Image: image,
        ModelDataUrl: "s3://housing-dev-bucket/model-artifacts/job-1/output/model.tar.gz",
        Environment: { SAGEMAKER_PROGRAM: "inference.py", SAGEMAKER_REGION: "us-east-1" },
      },
    ],
    SupportedContentTypes: ["text/csv"],
    SupportedResponseMIMETypes: ["application/json"],
    SupportedRealtimeInferenceInstanceTypes: ["ml.t2.medium"],
  },
  ModelMetrics: {
    ModelQuality: {
      Statistics: {
        ContentType: "application/json",
        S3Uri: "s3://housing-dev-bucket/model-artifacts/job-1/output/evaluation.json",
      },
    },
  },
  CustomerMetadataProperties: { metric: "test_r2", execution: "run-1", ...hashes },
  MetadataProperties: { GeneratedBy: "arn:aws:states:us-east-1:111122223333:execution:housing-dev:run-1" },
};

/** What an environment has deployed. */
function registration(props: Partial<WorkflowProps> = {}, references: Partial<typeof frankfurt> = frankfurt) {
  const { definition } = workflowDefinition(
    workflow({ environment: "prod", endpoint: { instanceType: "ml.m5.large" }, ...props }, references),
  );
  return registrationOf("prod", JSON.stringify(definition));
}

function source(changes: Partial<DescribeModelPackageCommandOutput> = {}): SourceVersion {
  return promotable("dev", { ...described, ...changes });
}

describe("promotedRequest", () => {
  const request = promotedRequest(source(), registration(), destination);

  it("takes image, region, group and instance type from the environment that gets the version", () => {
    expect(request).toMatchObject({
      ModelPackageGroupName: "housing-prod",
      ModelApprovalStatus: "Approved",
      InferenceSpecification: {
        Containers: [
          {
            Image: frankfurt.imageUri,
            ModelDataUrl: "s3://housing-prod-bucket/model-artifacts/promoted/output/model.tar.gz",
            Environment: { SAGEMAKER_PROGRAM: "inference.py", SAGEMAKER_REGION: "eu-central-1" },
          },
        ],
        SupportedContentTypes: ["text/csv"],
        SupportedResponseMIMETypes: ["application/json"],
        SupportedRealtimeInferenceInstanceTypes: ["ml.m5.large"],
      },
      ModelMetrics: {
        ModelQuality: {
          Statistics: {
            ContentType: "application/json",
            S3Uri: "s3://housing-prod-bucket/model-artifacts/promoted/output/evaluation.json",
          },
        },
      },
    });
  });

  it("keeps what the version says of itself, and adds where it is from", () => {
    expect(request.CustomerMetadataProperties).toEqual({
      metric: "test_r2",
      execution: "run-1",
      ...hashes,
      promotedFrom: described.ModelPackageArn,
    });
    expect(request.MetadataProperties).toBe(described.MetadataProperties);
  });

  it("asks for approval where the environment that gets it does", () => {
    const pending = promotedRequest(source(), registration({ approval: "manual" }), destination);
    expect(pending.ModelApprovalStatus).toBe("PendingManualApproval");
  });

  it("has a token that is the same each time, and another one for another version or environment", () => {
    const token = (version: SourceVersion, environment: string) =>
      promotedRequest(version, registration({ environment }), destination).ClientToken;
    const first = token(source(), "prod");
    expect(first).toMatch(/^[0-9a-f]{36}$/);
    expect(token(source(), "prod")).toBe(first);
    expect(token(source(), "staging")).not.toBe(first);
    expect(token(source({ CreationTime: new Date(0) }), "prod")).not.toBe(first);
  });
});

describe("promotedFolder", () => {
  it("is where the environment's role may read, and one for each version", () => {
    expect(promotedFolder(source())).toMatch(/^model-artifacts\/promoted-dev-v7-[0-9a-f]{8}\/$/);
    expect(promotedFolder(source({ CreationTime: new Date(0) }))).not.toBe(promotedFolder(source()));
  });
});

describe("promotable", () => {
  const container = described.InferenceSpecification?.Containers?.[0];
  const withArtifact = (ModelDataUrl: string) => ({
    InferenceSpecification: {
      ...described.InferenceSpecification,
      Containers: [{ ...container, ModelDataUrl }],
    } as typeof described.InferenceSpecification,
  });

  it("knows where the version's files lie", () => {
    expect(source()).toMatchObject({
      bucketName: "housing-dev-bucket",
      folder: "model-artifacts/job-1/",
      model: "output/model.tar.gz",
      metrics: "output/evaluation.json",
      files: {
        model: {
          url: "s3://housing-dev-bucket/model-artifacts/job-1/output/model.tar.gz",
          sha256: "bW9kZWw=",
        },
        metrics: {
          url: "s3://housing-dev-bucket/model-artifacts/job-1/output/evaluation.json",
          sha256: "ZXZhbHVhdGlvbg==",
        },
      },
    });
  });

  it.each([
    [{ ModelApprovalStatus: "PendingManualApproval" }, "must be Approved, got PendingManualApproval"],
    [{ ModelApprovalStatus: "Rejected" }, "npm run approve -- dev 7"],
    [{ ModelPackageStatus: "Failed" }, "must be Completed, got Failed"],
    [{ ModelMetrics: undefined }, "must have metrics"],
    [
      { CustomerMetadataProperties: { metric: "test_r2", modelSha256: "bW9kZWw=" } },
      "PackageUnusable: version 7 of dev was registered without the SHA-256 of its files",
    ],
    [
      { InferenceSpecification: undefined },
      "must have one container with an image and a model artifact, got 0",
    ],
    [
      withArtifact("s3://housing-dev-bucket/elsewhere/model.tar.gz"),
      "must have artifact and metrics in model-artifacts/<job>/output/ of one bucket",
    ],
    [withArtifact("s3://another/model-artifacts/job-1/output/model.tar.gz"), "of one bucket"],
    [withArtifact("s3://housing-dev-bucket/model-artifacts/job-2/output/model.tar.gz"), "of one bucket"],
  ] as const)("fails for %j", (changes, message) => {
    expect(() => source(changes as Partial<DescribeModelPackageCommandOutput>)).toThrow(message);
  });

  it("fails where one more property has no room", () => {
    const full = (count: number) => ({
      ...hashes,
      ...Object.fromEntries(Array.from({ length: count - 2 }, (_, i) => [`key${i}`, "value"])),
    });
    expect(() => source({ CustomerMetadataProperties: full(49) })).not.toThrow();
    expect(() => source({ CustomerMetadataProperties: full(50) })).toThrow(
      "must have at most 49 properties, because a promotion adds promotedFrom, got 50",
    );
    // That of an earlier promotion is replaced.
    const promoted = { ...full(49), promotedFrom: "arn" };
    expect(() => source({ CustomerMetadataProperties: promoted })).not.toThrow();
  });
});

describe("checkImage", () => {
  it("takes the same image out of another region's registry, and no other", () => {
    expect(() => checkImage(source(), "prod", registration())).not.toThrow();
    const newer = registration({}, { ...frankfurt, imageUri: frankfurt.imageUri.replace("1.2-1", "1.4-2") });
    expect(() => checkImage(source(), "prod", newer)).toThrow(
      /The image of prod must be .*1\.2-1.*, got .*1\.4-2/,
    );
  });
});
