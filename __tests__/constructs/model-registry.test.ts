import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { SagemakerModelPackageGroup } from "@cdktf/provider-aws/lib/sagemaker-model-package-group";
import { Testing } from "cdktf";
import { ModelRegistry } from "../../constructs/model-registry";
import { references } from "../fixtures";
import "./matchers";

const releaseStateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:housing-dev-release";
const synthesized = Testing.synthScope(
  (scope) =>
    new ModelRegistry(scope, "Registry", {
      nameScope: { prefix: "housing", environment: "dev" },
      deployment: { ...references, logRetentionInDays: 30 },
      releaseStateMachineArn,
    }),
);
const { resource } = JSON.parse(synthesized);

describe("ModelRegistry", () => {
  it("has the group of the workflow's models", () => {
    expect(synthesized).toHaveResourceWithProperties(SagemakerModelPackageGroup, {
      model_package_group_name: "housing-dev",
    });
  });

  it("starts the release of the version that was approved, and may start nothing else", () => {
    const [rule] = Object.values(resource.aws_cloudwatch_event_rule) as { event_pattern: string }[];
    expect(JSON.parse(String(rule?.event_pattern)).detail).toMatchObject({
      ModelPackageGroupName: ["housing-dev"],
      ModelApprovalStatus: ["Approved"],
    });
    expect(synthesized).toHaveResourceWithProperties(CloudwatchEventTarget, {
      arn: releaseStateMachineArn,
      input_transformer: {
        input_paths: { arn: "$.detail.ModelPackageArn" },
        input_template: '{"ModelPackageArn": <arn>}',
      },
    });
    const [policy] = Object.values(resource.aws_iam_role_policy) as { policy: string }[];
    expect(JSON.parse(String(policy?.policy)).Statement).toEqual([
      { Effect: "Allow", Action: ["states:StartExecution"], Resource: [releaseStateMachineArn] },
    ]);
  });
});
