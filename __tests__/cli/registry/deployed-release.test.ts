import type { DescribeModelPackageCommandOutput } from "@aws-sdk/client-sagemaker";
import { modelRequest, registrationOf } from "../../../cli/registry/deployed-release";
import type { TaskState } from "../../../workflow/asl/states";
import { releaseDefinition } from "../../../workflow/definition";
import { versionName } from "../../../workflow/names";
import type { WorkflowProps } from "../../../workflow/props";
import { workflow } from "../../fixtures";
import { evaluate } from "../../workflow/evaluate";

const arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing-dev/7";

function described(created: string): DescribeModelPackageCommandOutput {
  return {
    $metadata: {},
    ModelPackageArn: arn,
    ModelPackageVersion: 7,
    CreationTime: new Date(created),
    InferenceSpecification: {
      Containers: [{ Image: "image", Environment: { SAGEMAKER_PROGRAM: "inference.py" } }],
      SupportedContentTypes: [],
      SupportedResponseMIMETypes: [],
    },
  } as unknown as DescribeModelPackageCommandOutput;
}

async function request(props: Partial<WorkflowProps> = {}, created = "2026-01-02T03:04:05Z") {
  const { definition } = releaseDefinition(workflow(props));
  return await modelRequest("dev", JSON.stringify(definition), described(created));
}

describe("modelRequest", () => {
  // However many digits of a second Step Functions shows.
  it.each(["05.678Z", "05.670Z", "05.67Z", "05.000Z", "05Z"])(
    "has the name that a release gives, for a version created at second %s",
    async (second) => {
      const created = `2026-01-02T03:04:${second}`;
      const { States } = releaseDefinition(workflow()).definition;
      const { Assign } = States.ReadPackage as TaskState;
      const result = { ...described(created), CreationTime: created };
      const found = await evaluate(Assign?.package as string, { result });
      const released = await evaluate(
        versionName({ prefix: "housing", environment: "dev" }, "model"),
        {},
        { modelPackageArn: arn, package: found },
      );
      expect((await request({}, created)).ModelName).toBe(released);
    },
  );

  it("is all of the release's request but its tags, which name an execution", async () => {
    const vpc = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
    expect(await request({ vpc })).toEqual({
      ModelName: expect.stringMatching(/^housing-dev-model-v7-[0-9a-f]{8}$/),
      ExecutionRoleArn: "arn:aws:iam::123456789012:role/housing-dev-sagemaker-1",
      PrimaryContainer: { ModelPackageName: arn },
      VpcConfig: { Subnets: vpc.subnetIds, SecurityGroupIds: vpc.securityGroupIds },
    });
  });

  it("has one worker for a serverless endpoint, next to the version's own variables", async () => {
    const { PrimaryContainer } = await request({ endpoint: { kind: "serverless" } });
    expect(PrimaryContainer).toEqual({
      ModelPackageName: arn,
      Environment: { SAGEMAKER_PROGRAM: "inference.py", SAGEMAKER_MODEL_SERVER_WORKERS: "1" },
    });
  });
});

it("refuses a definition of another shape, with what to do", async () => {
  const other = '{"States": {}}';
  expect(() => registrationOf("prod", other)).toThrow(
    /deployed in prod does not register models(.|\n)*npm run deploy -- prod(.|\n)*RegisterModel/,
  );
  await expect(modelRequest("prod", other, described("2026-01-02T03:04:05Z"))).rejects.toThrow(
    /deployed in prod does not release models(.|\n)*npm run deploy -- prod(.|\n)*CreateModel/,
  );
});
