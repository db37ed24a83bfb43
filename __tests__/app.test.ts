import { providerVersions } from "../constructs/provider-versions";
import { contentHash } from "../source-files";
import { workflowDefinition } from "../workflow/definition";
import { resourceTags } from "../workflow/resources";
import { workflow } from "./fixtures";
import { dev, named, only, synth } from "./synthesized";

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

  it("has what A/B tests need where the environment asks for it", () => {
    const { resource = {} } = synth({ ...dev, experiments: true }).pipeline;
    const count = (type: string) => Object.keys(resource[type] ?? {}).length;
    expect([count("aws_lambda_function"), count("aws_iam_role"), count("aws_cloudwatch_log_group")]).toEqual([
      3, 10, 5,
    ]);
    const groups = Object.values(resource.aws_scheduler_schedule_group ?? {});
    expect(groups).toEqual([expect.objectContaining({ name: "housing-dev-experiments" })]);
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

  it("uploads the scripts under a key with their hash, packed when Terraform runs", () => {
    expect(only(pipeline, "aws_s3_object")).toMatchObject({
      key: `code/scripts-${contentHash("python/scripts")}.tar.gz`,
      source: expect.stringMatching(/^\$\{data\.archive_file\..*output_path\}$/),
    });
    const archives = Object.values(pipeline.data?.archive_file ?? {});
    expect(archives.map(({ type, source_dir }) => [type, source_dir]).sort()).toEqual([
      ["tar.gz", expect.stringMatching(/^\.\..*\/python\/scripts$/)],
      ["zip", expect.stringMatching(/^\.\..*\/lambda-src\/evaluate-model$/)],
      ["zip", expect.stringMatching(/^\.\..*\/lambda-src\/smoke-test$/)],
    ]);
    for (const archive of archives) {
      expect(archive).toMatchObject({
        output_file_mode: "0644",
        excludes: expect.arrayContaining(["**/.*"]),
      });
    }
  });

  it("takes the container image from AWS's table", () => {
    expect(only(pipeline, "aws_sagemaker_prebuilt_ecr_image", "data")).toMatchObject({
      repository_name: "sagemaker-scikit-learn",
      image_tag: "1.2-1-cpu-py3",
    });
  });

  it("publishes each function as a version, which is the one that the definition invokes", () => {
    for (const lambda of Object.values(pipeline.resource?.aws_lambda_function ?? {})) {
      expect(lambda).toMatchObject({ publish: true, runtime: "python3.11" });
    }
    const { definition } = named(pipeline, "aws_sfn_state_machine", "housing-dev") as { definition: string };
    const invoked = definition.match(/"FunctionName": "\$\{aws_lambda_function\.\w+\.qualified_arn\}"/g);
    expect(new Set(invoked).size).toBe(2);
  });

  it("logs and traces the state machine, without execution data", () => {
    expect(named(pipeline, "aws_sfn_state_machine", "housing-dev")).toMatchObject({
      name: "housing-dev",
      type: "STANDARD",
      tracing_configuration: { enabled: true },
      logging_configuration: {
        level: "ALL",
        include_execution_data: false,
        log_destination: expect.stringMatching(/:\*$/),
      },
    });
    const groups = Object.values(pipeline.resource?.aws_cloudwatch_log_group ?? {});
    expect(groups.map(({ name, retention_in_days }) => [name, retention_in_days]).sort()).toEqual([
      ["/aws/lambda/housing-dev-evaluate-model", 30],
      ["/aws/lambda/housing-dev-smoke-test", 30],
      ["/aws/vendedlogs/states/housing-dev", 30],
      ["/aws/vendedlogs/states/housing-dev-release", 30],
    ]);
  });

  it("deploys the very definition that the workflow says, its references left to Terraform", () => {
    const { definition } = named(pipeline, "aws_sfn_state_machine", "housing-dev") as { definition: string };
    const here = JSON.stringify(workflowDefinition(workflow()).definition);
    const placeholders = (text: string) =>
      text
        .replace(
          /\$\{data\.aws_sagemaker_prebuilt_ecr_image\.\w+\.registry_path\}|\d+\.dkr\.ecr[^"]+/g,
          "IMAGE",
        )
        .replace(/\$\{aws_iam_role\.[\w-]+\.arn\}|arn:aws:iam:[^"]+/g, "ROLE")
        .replace(/\$\{aws_lambda_function\.[\w-]+\.qualified_arn\}|arn:aws:lambda:[^"]+/g, "FUNCTION")
        .replace(/\$\{aws_s3_bucket\.\w+\.bucket\}|housing-dev-bucket/g, "BUCKET")
        .replace(/\$\{data\.aws_partition\.\w+\.partition\}/g, "aws")
        .replace(/"(eu-west|us-east)-1"/g, "REGION")
        .replace(/scripts-[0-9a-f]{16}/g, "scripts-HASH");
    expect(placeholders(JSON.stringify(JSON.parse(definition)))).toBe(placeholders(here));
  });

  it("gives each role exactly the statements that the plain data says", () => {
    const policies = Object.values(pipeline.resource?.aws_iam_role_policy ?? {}) as { policy: string }[];
    const actions = policies.flatMap(({ policy }) =>
      JSON.parse(policy).Statement.map(({ Effect, Resource }: { Effect: string; Resource: string[] }) => {
        expect(Effect).toBe("Allow");
        return Resource;
      }),
    );
    expect(
      actions
        .flat()
        .every((arn) => arn === "*" || String(arn).startsWith("arn:$") || String(arn).startsWith("${")),
    ).toBe(true);
    expect(JSON.stringify(pipeline)).not.toMatch(/aws_iam_role_policy_attachment|managed_policy_arns/);
  });

  it("names no resource twice in a statement", () => {
    for (const { policy } of Object.values(pipeline.resource?.aws_iam_role_policy ?? {})) {
      for (const { Resource } of JSON.parse(String(policy)).Statement) {
        expect(new Set(Resource).size).toBe(Resource.length);
      }
    }
  });

  it("is the same when synthesized again", () => {
    expect(synth().pipeline.resource).toEqual(pipeline.resource);
  });
});

describe("the test-run stack", () => {
  it("outputs what the execution starter reads, taken from the pipeline stack's state", () => {
    const { testRun } = synth();
    const upstream = /^\$\{data\.terraform_remote_state\.cross-stack-reference-input-dev-pipeline\.outputs\./;
    expect(testRun.output).toEqual({
      state_machine_arn: { value: expect.stringMatching(upstream) },
      bucket_name: { value: expect.stringMatching(upstream) },
      execution_input: { value: '{"Threshold":0.5}' },
    });
    expect(testRun.resource).toBeUndefined();
  });
});

describe("someone's own workflow", () => {
  const own = synth(dev, {
    prefix: "wine",
    environment: "dev",
    processing: {
      folder: "__tests__/runs/own-workflow",
      entryPoint: "split.py",
      instanceType: "ml.t3.medium",
    },
    training: { folder: "python/scripts", entryPoint: "training.py", hyperparameters: { alpha: 0.5 } },
    inference: { folder: "lambda-src/evaluate-model", entryPoint: "evaluation.py" },
    gate: { metric: "accuracy", threshold: 0.9 },
    endpoint: { instanceType: "ml.m5.large" },
    image: { repository: "sagemaker-xgboost", tag: "1.7-1" },
    data: { bucketName: "lake", prefix: "wine/" },
  }).pipeline;
  const { definition } = named(own, "aws_sfn_state_machine", "wine-dev") as { definition: string };

  it("uploads each of its folders once", () => {
    const keys = Object.values(own.resource?.aws_s3_object ?? {}).map(({ key }) =>
      String(key).replace(/-[0-9a-f]+\.tar/, ".tar"),
    );
    expect(keys.sort()).toEqual([
      "code/evaluate-model.tar.gz",
      "code/own-workflow.tar.gz",
      "code/scripts.tar.gz",
    ]);
    const outputs = Object.values(own.data?.archive_file ?? {}).map(({ output_path }) => output_path);
    expect(new Set(outputs).size).toBe(outputs.length);
  });

  it("has its scripts, sizes, gate, data and image in the definition", () => {
    for (const part of [
      "split.py",
      "training.py",
      "evaluation.py",
      "ml.t3.medium",
      "accuracy",
      "s3://lake/",
      "wine/",
    ]) {
      expect(definition).toContain(part);
    }
    expect(only(own, "aws_sagemaker_prebuilt_ecr_image", "data")).toMatchObject({
      repository_name: "sagemaker-xgboost",
    });
  });
});
