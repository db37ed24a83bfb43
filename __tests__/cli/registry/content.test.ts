import { NotFound, type S3Client } from "@aws-sdk/client-s3";
import { Aws } from "../../../cli/account/clients";
import { requireOwnEndpoint } from "../../../cli/account/ownership";
import {
  type RegisteredContent,
  registeredFiles,
  requireRegisteredFiles,
} from "../../../cli/registry/content";

const version: RegisteredContent = {
  InferenceSpecification: {
    Containers: [{ Image: "image", ModelDataUrl: "s3://bucket/model-artifacts/job/output/model.tar.gz" }],
  },
  ModelMetrics: {
    ModelQuality: {
      Statistics: {
        ContentType: "application/json",
        S3Uri: "s3://bucket/model-artifacts/job/output/evaluation.json",
      },
    },
  },
  CustomerMetadataProperties: { modelSha256: "bW9kZWw=", evaluationSha256: "bWV0cmljcw==" },
};

const connection = { region: "us-east-1", endpoint: "http://127.0.0.1:1" };

/** S3 that keeps these checksums, by key; an object that it does not know is gone. */
function s3With(checksums: Readonly<Record<string, string | undefined>>): Aws {
  const send = async ({ input }: { input: { Key: string; ChecksumMode?: string } }) => {
    if (!(input.Key in checksums)) throw new NotFound({ message: "NotFound", $metadata: {} });
    return { ChecksumSHA256: input.ChecksumMode === "ENABLED" ? checksums[input.Key] : undefined };
  };
  return Object.assign(new Aws(connection), { s3: () => ({ send }) as unknown as S3Client });
}

const model = "model-artifacts/job/output/model.tar.gz";
const metrics = "model-artifacts/job/output/evaluation.json";

describe("a version's files", () => {
  it("are used as they were registered", async () => {
    const aws = s3With({ [model]: "bW9kZWw=", [metrics]: "bWV0cmljcw==" });
    await expect(requireRegisteredFiles(aws, "version 1 of dev", version)).resolves.toBeUndefined();
  });

  it.each([
    [{ [model]: "b3RoZXI=", [metrics]: "bWV0cmljcw==" }, model, "b3RoZXI=", "bW9kZWw="],
    [{ [model]: "bW9kZWw=", [metrics]: undefined }, metrics, "none", "bWV0cmljcw=="],
    [{ [metrics]: "bWV0cmljcw==" }, model, "nothing, because the object no longer exists", "bW9kZWw="],
  ])("fail when S3 has %j", async (checksums, key, found, registered) => {
    await expect(requireRegisteredFiles(s3With(checksums), "version 1 of dev", version)).rejects.toThrow(
      `PackageUnusable: the SHA-256 of s3://bucket/${key} of version 1 of dev must be ${registered}, as registered, got ${found}`,
    );
  });

  it.each(["modelSha256", "evaluationSha256"])("fail without %s", (name) => {
    const { [name]: _, ...rest } = version.CustomerMetadataProperties ?? {};
    expect(() =>
      registeredFiles("version 1 of dev", { ...version, CustomerMetadataProperties: rest }),
    ).toThrow("PackageUnusable: version 1 of dev was registered without the SHA-256 of its files");
  });
});

describe("requireOwnEndpoint", () => {
  const endpoint = { EndpointName: "housing-dev", EndpointArn: "arn" };
  const tagged = (Tags: object[]) =>
    Object.assign(new Aws(connection), { sagemaker: () => ({ send: async () => ({ Tags }) }) as never });

  it("takes the workflow's own", async () => {
    const aws = tagged([
      { Key: "team", Value: "ml" },
      { Key: "workflow", Value: "housing-dev" },
    ]);
    await expect(requireOwnEndpoint(aws, "housing-dev", endpoint)).resolves.toBeUndefined();
  });

  it.each([
    [[{ Key: "workflow", Value: "housing-prod" }], "belongs to the workflow housing-prod"],
    [[{ Key: "team", Value: "housing-dev" }], "has no tag workflow"],
  ])("fails for the tags %j", async (tags, whose) => {
    await expect(requireOwnEndpoint(tagged(tags), "housing-dev", endpoint)).rejects.toThrow(
      `The endpoint housing-dev must belong to the workflow housing-dev, but it ${whose}`,
    );
  });
});
