import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { SagemakerModelPackageGroup } from "@cdktf/provider-aws/lib/sagemaker-model-package-group";
import { Construct } from "constructs";
import type { NameScope } from "../workflow/names";
import { approvalRule, modelPackageGroup } from "../workflow/resources";
import { approvalRole } from "../workflow/roles";
import { ExecutionRole } from "./execution-role";
import type { Deployment } from "./role-and-log";

export interface ModelRegistryProps {
  readonly nameScope: NameScope;
  readonly deployment: Deployment;
  /** The state machine that an approval starts. */
  readonly releaseStateMachineArn: string;
}

/** The group of the workflow's models, and the rule that releases an approved version. */
export class ModelRegistry extends Construct {
  constructor(scope: Construct, id: string, props: ModelRegistryProps) {
    super(scope, id);
    const { nameScope, deployment, releaseStateMachineArn } = props;
    const group = modelPackageGroup(nameScope);
    new SagemakerModelPackageGroup(this, "Group", {
      modelPackageGroupName: group.name,
      modelPackageGroupDescription: group.description,
    });
    const description = approvalRule(nameScope);
    const role = new ExecutionRole(this, "Role", {
      role: approvalRole(nameScope, deployment, releaseStateMachineArn),
      account: deployment.account,
    });
    const rule = new CloudwatchEventRule(this, "Rule", {
      name: description.name,
      description: description.description,
      eventPattern: JSON.stringify(description.eventPattern),
    });
    new CloudwatchEventTarget(this, "Target", {
      rule: rule.name,
      arn: releaseStateMachineArn,
      roleArn: role.roleArn,
      inputTransformer: { inputPaths: description.inputPaths, inputTemplate: description.inputTemplate },
      dependsOn: [role.policy],
    });
  }
}
