import { providerVersions } from "../../constructs/provider-versions";
import { resourceTags } from "../../workflow/resources";
import { dev, inDev, only, resources, synth } from "../synthesized";

const boundary = "arn:aws:iam::123456789012:policy/limits";

describe("the pipeline stack", () => {
  const { pipeline } = synth();

  it("has exactly the resources that the workflow needs", () => {
    const counts = Object.entries(pipeline.resource ?? {}).map(([type, all]) => [
      type,
      Object.keys(all).length,
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      aws_cloudwatch_dashboard: 1,
      aws_cloudwatch_event_rule: 1,
      aws_cloudwatch_event_target: 1,
      aws_cloudwatch_log_group: 4,
      aws_iam_role: 8,
      aws_iam_role_policy: 8,
      aws_lambda_function: 2,
      aws_s3_bucket: 1,
      aws_s3_bucket_lifecycle_configuration: 1,
      aws_s3_bucket_policy: 1,
      aws_s3_bucket_public_access_block: 1,
      aws_s3_bucket_server_side_encryption_configuration: 1,
      aws_s3_bucket_versioning: 1,
      aws_s3_object: 1,
      aws_sagemaker_model_package_group: 1,
      aws_sfn_state_machine: 2,
    });
  });

  it("takes both majors of the AWS provider, in the environment's region, and tags everything", () => {
    expect(pipeline.terraform?.required_providers).toMatchObject({
      aws: { version: providerVersions.aws },
      archive: { version: providerVersions.archive },
    });
    expect(pipeline.provider?.aws).toEqual([
      {
        region: "eu-west-1",
        default_tags: [{ tags: resourceTags({ prefix: "housing", environment: "dev" }) }],
      },
    ]);
  });

  it("refuses another account, where the configuration names one", () => {
    const { provider } = synth({ ...dev, account: "123456789012" }).pipeline;
    expect(provider?.aws).toEqual([expect.objectContaining({ allowed_account_ids: ["123456789012"] })]);
  });

  it("keeps its state in the project, or in the state bucket with a lock file", () => {
    expect(pipeline.terraform?.backend).toEqual({
      local: { path: expect.stringMatching(/^\.\..*terraform\.dev-pipeline\.tfstate$/) },
    });
    const { testRun } = synth({ ...dev, stateBucket: "states" });
    expect(testRun.terraform?.backend).toEqual({
      s3: {
        bucket: "states",
        key: "dev-test-run/terraform.tfstate",
        region: "eu-west-1",
        encrypt: true,
        use_lockfile: true,
      },
    });
  });

  it("is the same when synthesized again", () => {
    expect(synth().pipeline.resource).toEqual(pipeline.resource);
  });

  it("goes to its account as its profile or role, for the resources and for the state", () => {
    const role = "arn:aws:iam::123456789012:role/deployer";
    const { pipeline, testRun } = synth(
      inDev({ account: "123456789012", profile: "ml", assumeRoleArn: role, stateBucket: "states" }),
    );
    expect(pipeline.provider?.aws).toEqual([
      expect.objectContaining({
        profile: "ml",
        assume_role: [{ role_arn: role }],
        allowed_account_ids: ["123456789012"],
      }),
    ]);
    const backend = { s3: expect.objectContaining({ profile: "ml", assume_role: { role_arn: role } }) };
    expect(pipeline.terraform?.backend).toEqual(backend);
    expect(testRun.terraform?.backend).toEqual(backend);
  });

  it("puts its permissions boundary on every role", () => {
    const { pipeline } = synth(
      inDev({ permissionsBoundaryArn: boundary, schedule: { expression: "rate(1 day)" } }),
    );
    const roles = resources(pipeline, "aws_iam_role");
    expect(roles).toHaveLength(9);
    for (const role of roles) expect(role).toMatchObject({ permissions_boundary: boundary });
  });

  it("decides how long logs and old versions are kept", () => {
    const { pipeline } = synth(inDev({ retention: { logsInDays: 400, noncurrentVersionsInDays: 7 } }));
    for (const group of resources(pipeline, "aws_cloudwatch_log_group")) {
      expect(group).toMatchObject({ retention_in_days: 400 });
    }
    const lifecycle = JSON.stringify(only(pipeline, "aws_s3_bucket_lifecycle_configuration"));
    expect(lifecycle).toContain('"noncurrent_days":7');
  });
});
