import type { Environment } from "../../../cli/account/environment";
import { environmentConfig } from "../../../cli/account/environment";
import { requireStateBucket } from "../../../cli/terraform/state-bucket";
import { workflowProps } from "../../../configuration";

/** An environment whose state bucket is of account `owner`, as S3 would answer. */
function withBucketOf(owner: string): Environment {
  const s3 = {
    send: async ({ input }: { input: { ExpectedBucketOwner?: string } }) => {
      if (input.ExpectedBucketOwner === owner) return {};
      throw Object.assign(new Error("Forbidden"), { $metadata: { httpStatusCode: 403 } });
    },
  };
  const place = async () => ({ partition: "aws", region: "us-east-1", account: "111122223333" });
  return {
    name: "dev",
    aws: { s3: () => s3, place } as unknown as Environment["aws"],
    config: environmentConfig("dev"),
    workflow: workflowProps("dev"),
    baseName: "housing-dev",
  };
}

it("takes a state bucket of the own account", async () => {
  await expect(requireStateBucket(withBucketOf("111122223333"))).resolves.toBeUndefined();
});

it("refuses one that somebody else has made under its name", async () => {
  await expect(requireStateBucket(withBucketOf("999999999999"))).rejects.toThrow(
    "belongs to another account",
  );
});
