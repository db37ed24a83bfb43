import { workflowProps } from "../../configuration";
import { workflowDefinition } from "../../workflow/definition";
import { tuning, workflow } from "../fixtures";
import { dev, inDev, named, only, synth } from "../synthesized";

describe("the workflow", () => {
  const { pipeline } = synth();

  it("takes the container image from AWS's table", () => {
    expect(only(pipeline, "aws_sagemaker_prebuilt_ecr_image", "data")).toMatchObject({
      repository_name: "sagemaker-scikit-learn",
      image_tag: "1.2-1-cpu-py3",
    });
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
});

describe("a workflow with a tuning", () => {
  const { pipeline: tuned } = synth(dev, { ...workflowProps("dev"), tuning });
  const { definition } = named(tuned, "aws_sfn_state_machine", "housing-dev") as { definition: string };

  it("tunes with the role of its training jobs, in the names of its account", () => {
    const { ModelTuning, ModelTraining } = JSON.parse(definition).States;
    const { TrainingJobDefinition } = ModelTuning.Arguments;
    expect(TrainingJobDefinition.RoleArn).toBe(ModelTraining.Arguments.RoleArn);
    expect(TrainingJobDefinition.RoleArn).toMatch(/^\$\{aws_iam_role\..*train.*\.arn\}$/i);
    expect(TrainingJobDefinition.AlgorithmSpecification).toEqual(
      ModelTraining.Arguments.AlgorithmSpecification,
    );
  });

  it("lets the state machine create, look at and stop its tuning jobs, and no others", () => {
    const policies = Object.values(tuned.resource?.aws_iam_role_policy ?? {}) as { policy: string }[];
    const statements = policies.flatMap(({ policy }) => JSON.parse(policy).Statement) as {
      Action: string[];
      Resource: string[];
    }[];
    const tuning = statements.filter(({ Action }) => Action.some((action) => action.includes("TuningJob")));
    expect(tuning).toEqual([
      expect.objectContaining({
        Action: expect.arrayContaining(
          ["Create", "Describe", "Stop"].map((verb) => `sagemaker:${verb}HyperParameterTuningJob`),
        ),
        Resource: [expect.stringMatching(/:hyper-parameter-tuning-job\/housing-dev-tune-\*$/)],
      }),
    ]);
  });
});

describe("an endpoint that captures requests", () => {
  const kmsKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/1";
  const endpoint = { capture: { percentage: 20, prefix: "captured/", retentionInDays: 7 } };
  const { pipeline: captures } = synth(inDev({ kmsKeyArn }), { ...workflowProps("dev"), endpoint });
  const bucket = /^\$\{aws_s3_bucket\.\w+\.bucket\}$/;

  it("does so in what both state machines create, in the bucket and with its key", () => {
    for (const name of ["housing-dev", "housing-dev-release"]) {
      const { definition } = named(captures, "aws_sfn_state_machine", name) as { definition: string };
      const { DataCaptureConfig, EndpointConfigName } =
        JSON.parse(definition).States.CreateEndpointConfig.Arguments;
      const { DestinationS3Uri, ...more } = DataCaptureConfig;
      expect(more).toMatchObject({ EnableCapture: true, InitialSamplingPercentage: 20, KmsKeyId: kmsKeyArn });
      const [, name_, prefix] = /^s3:\/\/(.*?\})\/(.*)$/.exec(DestinationS3Uri) ?? [];
      expect([name_, prefix]).toEqual([expect.stringMatching(bucket), "captured"]);
      // A version's configuration has a hash of it in its name.
      if (name.endsWith("-release")) expect(EndpointConfigName).toContain(`${name_}/captured`);
    }
  });

  it("may be written there by the role that serves alone, and expires there", () => {
    const policies = Object.entries(captures.resource?.aws_iam_role_policy ?? {});
    const writing = policies.filter(([, { policy }]) =>
      /"s3:PutObject"\],"Resource":\[[^\]]*\/captured\/\*/.test(String(policy)),
    );
    expect(writing.map(([id]) => id)).toEqual([expect.stringContaining("SageMakerRole")]);
    const lifecycle = JSON.stringify(only(captures, "aws_s3_bucket_lifecycle_configuration"));
    expect(lifecycle).toContain('"expiration":[{"days":7}],"filter":[{"prefix":"captured/"}]');
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

  it("has a cache, whose function may list its data and look at its image", () => {
    const cache = named(own, "aws_lambda_function", "wine-dev-results-cache", "function_name");
    expect(cache.environment).toEqual({
      variables: {
        CACHE_PREFIX: "cache/",
        PROCESSED_DATA_PREFIX: "processed-data/",
        TRAINING_OUTPUT_PREFIX: "training-output/",
      },
    });
    const { FindEarlierTraining, RecordTraining } = JSON.parse(definition).States;
    const { FunctionName } = FindEarlierTraining.Arguments;
    expect(FunctionName).toMatch(/^\$\{aws_lambda_function\..*ResultsCache.*\.qualified_arn\}$/);
    expect(RecordTraining.Arguments.FunctionName).toBe(FunctionName);
    const policies = Object.values(own.resource?.aws_iam_role_policy ?? {}) as { policy: string }[];
    const policy = policies.map((one) => one.policy).find((text) => text.includes("/cache/*"));
    expect(policy).toMatch(/:s3:::lake"/);
    expect(policy).toMatch(/:ecr:[^"]*:repository\/sagemaker-xgboost"/);
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
