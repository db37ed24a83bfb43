import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { SfnStateMachine } from "@cdktf/provider-aws/lib/sfn-state-machine";
import { Construct } from "constructs";
import { workflowStateMachine } from "../workflow/resources";
import type { Workflow } from "../workflow/settings";
import { ExecutionRole } from "./execution-role";

export interface WorkflowStateMachineProps {
  readonly workflow: Workflow;
  readonly logRetentionInDays: number;
}

/** The state machine with its role, its log and its traces. */
export class WorkflowStateMachine extends Construct {
  readonly role: ExecutionRole;
  private readonly resource: SfnStateMachine;

  constructor(scope: Construct, id: string, { workflow, logRetentionInDays }: WorkflowStateMachineProps) {
    super(scope, id);
    const { references } = workflow;
    const description = workflowStateMachine(workflow);
    this.role = new ExecutionRole(this, "Role", { role: description.role, account: references.account });
    const logGroup = new CloudwatchLogGroup(this, "LogGroup", {
      name: description.logGroupName,
      retentionInDays: logRetentionInDays,
      kmsKeyId: references.kmsKeyArn,
    });
    this.resource = new SfnStateMachine(this, "Resource", {
      name: description.name,
      roleArn: this.role.roleArn,
      definition: description.definition,
      type: "STANDARD",
      loggingConfiguration: { ...description.logging, logDestination: `${logGroup.arn}:*` },
      tracingConfiguration: { enabled: true },
      // AWS tries the role's permissions for logging when it makes the state machine.
      dependsOn: [this.role.policy],
    });
  }

  get stateMachineArn(): string {
    return this.resource.arn;
  }
}
