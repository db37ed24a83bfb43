import { evaluationFunction, experimentController } from "../../workflow/functions";
import { policyDocument } from "../../workflow/iam";
import { workflowStateMachine } from "../../workflow/resources";
import {
  experimentScheduleRole,
  monitorRole,
  type RoleDescription,
  retrainRole,
  sageMakerRoles,
  scheduleRole,
} from "../../workflow/roles";
import { references, workflow } from "../fixtures";

/** A role's permissions, one line for each action on each resource. */
function permissions({ policyStatements }: RoleDescription): string[] {
  return policyDocument(policyStatements)
    .Statement.flatMap(({ Action, Resource, Condition }) =>
      Action.flatMap((action) =>
        Resource.map((resource) =>
          [action, resource, ...(Condition === undefined ? [] : [JSON.stringify(Condition)])].join(" "),
        ),
      ),
    )
    .sort();
}

const { settings } = workflow();
const sagemaker = "arn:aws:sagemaker:us-east-1:123456789012";
const bucket = "arn:aws:s3:::housing-dev-bucket";
const passRole = '{"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}';
const on = (resource: string, ...actions: string[]) => actions.map((action) => `${action} ${resource}`);

describe("the state machine's role", () => {
  const { role } = workflowStateMachine(workflow());

  it("may do what its states do, to what they make, and nothing else", () => {
    const jobs = (kind: string, name: string) =>
      on(
        `${sagemaker}:${kind.toLowerCase()}-job/housing-dev-${name}-*`,
        `sagemaker:Create${kind}Job`,
        `sagemaker:Describe${kind}Job`,
        `sagemaker:Stop${kind}Job`,
        "sagemaker:AddTags",
        "sagemaker:ListTags",
      );
    const rule = (kind: string) =>
      on(
        `arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule`,
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
      );
    expect(permissions(role)).toEqual(
      [
        ...jobs("Processing", "prep"),
        ...jobs("Training", "train"),
        ...rule("Processing"),
        ...rule("Training"),
        ...on(`${sagemaker}:model/housing-dev-model-*`, "sagemaker:CreateModel", "sagemaker:AddTags"),
        ...on(
          `${sagemaker}:endpoint-config/housing-dev-config-*`,
          "sagemaker:CreateEndpointConfig",
          "sagemaker:AddTags",
          "sagemaker:CreateEndpoint",
          "sagemaker:UpdateEndpoint",
          "sagemaker:DescribeEndpointConfig",
          "sagemaker:DeleteEndpointConfig",
        ),
        ...on(`${sagemaker}:model/housing-dev-model-*`, "sagemaker:DeleteModel"),
        ...on("*", "sagemaker:ListEndpoints", "sagemaker:ListEndpointConfigs"),
        ...["housing-dev", "housing-dev-*"].flatMap((name) => [
          ...on(
            `${sagemaker}:endpoint/${name}`,
            "sagemaker:DescribeEndpoint",
            "sagemaker:CreateEndpoint",
            "sagemaker:ListTags",
          ),
          ...on(
            `${sagemaker}:endpoint/${name} {"StringEquals":{"aws:ResourceTag/workflow":"housing-dev"}}`,
            "sagemaker:UpdateEndpoint",
            "sagemaker:DeleteEndpoint",
          ),
          `sagemaker:AddTags ${sagemaker}:endpoint/${name} {"Null":{"sagemaker:TaggingAction":"false"}}`,
        ]),
        ...["prep", "train", "sagemaker"].map(
          (name) => `iam:PassRole arn:aws:iam::123456789012:role/housing-dev-${name}-1 ${passRole}`,
        ),
        ...["evaluate-model", "smoke-test"].map(
          (name) =>
            `lambda:InvokeFunction arn:aws:lambda:us-east-1:123456789012:function:housing-dev-${name}:*`,
        ),
        `s3:ListBucket ${bucket} {"StringLike":{"s3:prefix":"raw-data/*"}}`,
        `s3:ListBucket ${bucket} {"StringLike":{"s3:prefix":"model-artifacts/*"}}`,
        ...["model-package-group/housing-dev", "model-package/housing-dev/*"].map(
          (resource) =>
            `sagemaker:CreateModelPackage ${sagemaker}:${resource} {"StringEqualsIfExists":{"sagemaker:ModelApprovalStatus":"Approved"}}`,
        ),
        ...on(
          `${sagemaker}:model-package/housing-dev/*`,
          "sagemaker:CreateModel",
          "sagemaker:DescribeModelPackage",
        ),
        `s3:GetObject ${bucket}/training-output/*/output/model.tar.gz`,
        `s3:PutObject ${bucket}/model-artifacts/*/output/model.tar.gz`,
        `s3:GetObject ${bucket}/model-artifacts/*/output/*`,
        `s3:GetObject ${bucket}/code/scripts-0123456789abcdef.tar.gz`,
        ...on(`${bucket}/code/executions/*`, "s3:PutObject", "s3:PutObjectTagging"),
        ...on(
          "*",
          "logs:CreateLogDelivery",
          "logs:GetLogDelivery",
          "logs:UpdateLogDelivery",
          "logs:DeleteLogDelivery",
          "logs:ListLogDeliveries",
          "logs:PutResourcePolicy",
          "logs:DescribeResourcePolicies",
          "logs:DescribeLogGroups",
          "xray:PutTraceSegments",
          "xray:PutTelemetryRecords",
          "xray:GetSamplingRules",
          "xray:GetSamplingTargets",
        ),
      ].sort(),
    );
  });
});

it("registers no approved version where a person approves", () => {
  const lines = permissions(workflowStateMachine(workflow({ approval: "manual" })).role);
  expect(lines.filter((line) => line.startsWith("sagemaker:CreateModelPackage "))).toEqual(
    ["model-package-group/housing-dev", "model-package/housing-dev/*"]
      .map(
        (resource) =>
          `sagemaker:CreateModelPackage ${sagemaker}:${resource} {"StringEqualsIfExists":{"sagemaker:ModelApprovalStatus":"PendingManualApproval"}}`,
      )
      .sort(),
  );
});

describe("the roles of jobs and of what serves", () => {
  const { settings: compared } = workflow({
    comparison: { folder: "scripts", entryPoint: "compare.py" },
    endpoint: { capture: { percentage: 100 } },
    monitor: { folder: "scripts", entryPoint: "monitor.py" },
  });
  const roles = sageMakerRoles(compared, references);

  /** What a role does in S3, by the verb. */
  const inS3 = (role: RoleDescription | undefined) =>
    permissions(role as RoleDescription).filter((line) => line.startsWith("s3:"));
  const s3 = (reads: readonly string[], writes: readonly string[]) =>
    [
      ...reads.map((keys) => `s3:GetObject ${bucket}/${keys}`),
      ...writes.map((keys) => `s3:PutObject ${bucket}/${keys}`),
      `s3:ListBucket ${bucket}`,
    ].sort();

  it.each([
    ["prep", ["raw-data/*", "code/executions/*"], ["processed-data/*"]],
    ["train", ["processed-data/*", "code/executions/*"], ["training-output/*"]],
    [
      "compare",
      ["model-artifacts/*/output/model.tar.gz", "processed-data/*", "code/executions/*"],
      ["model-artifacts/*/comparison/*"],
    ],
    ["serving", ["model-artifacts/*", "scoring-input/*"], ["data-capture/*", "scoring-output/*"]],
    [
      "monitor",
      [
        "code/executions/*",
        "data-capture/*",
        "labels/*",
        "model-artifacts/*/output/model.tar.gz",
        "monitoring/latest/*",
      ],
      ["monitoring/reports/*"],
    ],
  ] as const)("%s reads what its work needs, and writes where its step must only", (name, reads, writes) => {
    expect(inS3(roles[name])).toEqual(s3(reads, writes));
  });

  it("there is one for comparisons where something is compared only", () => {
    expect(sageMakerRoles(settings, references).compare).toBeUndefined();
  });

  const logGroups = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker";

  it.each(["prep", "train", "serving"] as const)("%s logs, measures and pulls its image", (name) => {
    expect(permissions(roles[name]).filter((line) => !line.startsWith("s3:"))).toEqual(
      [
        ...on(`${logGroups}/*`, "logs:CreateLogGroup", "logs:DescribeLogStreams"),
        // Streams of another environment's jobs and endpoints are not its own.
        ...[
          "*Jobs:log-stream:housing-dev-*",
          "Endpoints/housing-dev:log-stream:*",
          "Endpoints/housing-dev-*:log-stream:*",
        ].flatMap((streams) => on(`${logGroups}/${streams}`, "logs:CreateLogStream", "logs:PutLogEvents")),
        'cloudwatch:PutMetricData * {"StringLike":{"cloudwatch:namespace":["*sagemaker*","*SageMaker*"]}}',
        "ecr:GetAuthorizationToken *",
        ...on(
          references.imageRepositoryArn,
          "ecr:BatchCheckLayerAvailability",
          "ecr:GetDownloadUrlForLayer",
          "ecr:BatchGetImage",
        ),
      ].sort(),
    );
  });

  it("may place network interfaces, where the workflow has a VPC", () => {
    const vpc = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
    const inVpc = sageMakerRoles({ ...compared, vpc }, references);
    const ownSubnet = '{"ArnEquals":{"ec2:Subnet":["arn:aws:ec2:us-east-1:*:subnet/subnet-1"]}}';
    const interfaces = "arn:aws:ec2:us-east-1:123456789012:network-interface/*";
    for (const role of Object.values(inVpc)) {
      const changes = permissions(role).filter((line) => /^ec2:(?!Describe)/.test(line));
      expect(changes).toEqual([
        "ec2:CreateNetworkInterface arn:aws:ec2:us-east-1:*:security-group/sg-1",
        "ec2:CreateNetworkInterface arn:aws:ec2:us-east-1:*:subnet/subnet-1",
        `ec2:CreateNetworkInterface ${interfaces}`,
        `ec2:CreateNetworkInterfacePermission ${interfaces} ${ownSubnet}`,
        `ec2:DeleteNetworkInterface ${interfaces} ${ownSubnet}`,
        `ec2:DeleteNetworkInterfacePermission ${interfaces} ${ownSubnet}`,
      ]);
    }
    expect(Object.values(roles).flatMap(permissions).join()).not.toContain("ec2:");
  });

  it("read data that lies in a bucket of its own there, in one step and only there", () => {
    const elsewhere = { ...references, dataBucketName: "lake" };
    const { prep, train } = sageMakerRoles({ ...settings, dataPrefix: "housing/" }, elsewhere);
    const lines = permissions(prep);
    expect(lines).toEqual(
      expect.arrayContaining(["s3:GetObject arn:aws:s3:::lake/housing/*", "s3:ListBucket arn:aws:s3:::lake"]),
    );
    expect(lines).not.toContain(`s3:GetObject ${bucket}/housing/*`);
    expect(permissions(train).join()).not.toContain("lake");
  });
});

describe("the evaluation function's role", () => {
  it("reads the jobs' output and writes evaluation.json", () => {
    const group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/housing-dev-evaluate-model:*";
    expect(permissions(evaluationFunction(settings, references).role)).toEqual([
      `logs:CreateLogStream ${group}`,
      `logs:PutLogEvents ${group}`,
      `s3:GetObject ${bucket}/model-artifacts/*/comparison/comparison.json`,
      `s3:GetObject ${bucket}/training-output/*/output/output.tar.gz`,
      `s3:ListBucket ${bucket}`,
      `s3:PutObject ${bucket}/model-artifacts/*/output/evaluation.json`,
      "xray:PutTelemetryRecords *",
      "xray:PutTraceSegments *",
    ]);
  });
});

describe("the schedule's role", () => {
  it("starts executions of this state machine, and of no other", () => {
    const arn = "arn:aws:states:us-east-1:123456789012:stateMachine:housing-dev";
    expect(permissions(scheduleRole(settings, references, arn))).toEqual([`states:StartExecution ${arn}`]);
  });
});

describe("every role", () => {
  it("may use the key, where one encrypts the bucket", () => {
    const key = "arn:aws:kms:us-east-1:123456789012:key/1";
    const more = { ...references, kmsKeyArn: key };
    for (const role of [
      ...Object.values(sageMakerRoles(settings, more)).filter((role) => role !== undefined),
      evaluationFunction(settings, more).role,
      workflowStateMachine(workflow({}, { kmsKeyArn: key })).role,
    ]) {
      expect(permissions(role)).toEqual(
        expect.arrayContaining([`kms:Decrypt ${key}`, `kms:GenerateDataKey ${key}`]),
      );
    }
  });

  it("has a name prefix that leaves room for IAM's unique ending, for the longest names", () => {
    const long = { ...settings, prefix: "a".repeat(16), environment: "b".repeat(10) };
    for (const role of [
      ...Object.values(sageMakerRoles({ ...long, comparison: settings.processing }, references)).filter(
        (role) => role !== undefined,
      ),
      monitorRole(long, references, []),
      retrainRole(long, references, []),
      evaluationFunction(long, references).role,
      workflowStateMachine({ settings: long, references }).role,
    ]) {
      expect(role.namePrefix.length).toBeLessThanOrEqual(38);
    }
  });
});

describe("the roles of A/B tests", () => {
  it("let the controller read what it counts, set weights, and tell of decisions", () => {
    const { role, variables } = experimentController(settings, references);
    const granted = permissions(role).filter((line) => !/^(logs|xray):/.test(line));
    expect(granted).toEqual(
      [
        `sagemaker:DescribeEndpoint ${sagemaker}:endpoint/housing-dev`,
        `sagemaker:UpdateEndpointWeightsAndCapacities ${sagemaker}:endpoint/housing-dev {"StringEquals":{"aws:ResourceTag/workflow":"housing-dev"}}`,
        `sagemaker:DescribeEndpointConfig ${sagemaker}:endpoint-config/housing-dev-config-*`,
        "cloudwatch:GetMetricData *",
        `s3:GetObject ${bucket}/rewards/*`,
        `s3:GetObject ${bucket}/experiments/*`,
        `s3:PutObject ${bucket}/experiments/*`,
        `s3:ListBucket ${bucket} {"StringLike":{"s3:prefix":["rewards/*","experiments/*"]}}`,
        'events:PutEvents arn:aws:events:us-east-1:123456789012:event-bus/default {"StringEquals":{"events:source":"sagemaker-workflow.experiments"}}',
      ].sort(),
    );
    // The prefixes that the permissions name are those that it is told.
    expect(variables).toEqual({ EXPERIMENTS_PREFIX: "experiments/", REWARDS_PREFIX: "rewards/" });
  });

  it("name the topic that hears of decisions, where there is one", () => {
    const topicArn = "arn:aws:sns:us-east-1:123456789012:housing-dev";
    const { role, variables } = experimentController(settings, { ...references, topicArn });
    expect(permissions(role)).toContain(`sns:Publish ${topicArn}`);
    expect(variables).toMatchObject({ TOPIC_ARN: topicArn });
  });

  it("let the schedule invoke the controller, and nothing else", () => {
    const role = experimentScheduleRole(settings, references);
    expect(permissions(role)).toEqual([
      "lambda:InvokeFunction arn:aws:lambda:us-east-1:123456789012:function:housing-dev-experiment-controller",
    ]);
  });

  it("have names of legal length in the longest scope", () => {
    const scope = { prefix: "a".repeat(16), environment: "b".repeat(10) };
    for (const { namePrefix } of [
      experimentController(scope, references).role,
      experimentScheduleRole(scope, references),
    ]) {
      expect(namePrefix.length).toBeLessThanOrEqual(38);
    }
    expect(experimentController(scope, references).name.length).toBeLessThanOrEqual(64);
  });
});
