import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { SfnStateMachine } from "@cdktf/provider-aws/lib/sfn-state-machine";
import { Construct } from "constructs";
import type { StateMachineDescription } from "../workflow/resources";
import type { WorkflowReferences } from "../workflow/settings";
import { ExecutionRole } from "./execution-role";
import { longText } from "./long-text";

export interface WorkflowStateMachineProps {
  readonly stateMachine: StateMachineDescription;
  readonly references: Pick<WorkflowReferences, "account" | "kmsKeyArn">;
  readonly logRetentionInDays: number;
}

/** A state machine with its role, its log and its traces. */
export class WorkflowStateMachine extends Construct {
  readonly role: ExecutionRole;
  private readonly resource: SfnStateMachine;

  constructor(scope: Construct, id: string, props: WorkflowStateMachineProps) {
    super(scope, id);
    const { stateMachine, references, logRetentionInDays } = props;
    this.role = new ExecutionRole(this, "Role", { role: stateMachine.role, account: references.account });
    const logGroup = new CloudwatchLogGroup(this, "LogGroup", {
      name: stateMachine.logGroupName,
      retentionInDays: logRetentionInDays,
      kmsKeyId: references.kmsKeyArn,
    });
    this.resource = new SfnStateMachine(this, "Resource", {
      name: stateMachine.name,
      roleArn: this.role.roleArn,
      definition: longText(stateMachine.definition),
      type: "STANDARD",
      loggingConfiguration: { ...stateMachine.logging, logDestination: `${logGroup.arn}:*` },
      tracingConfiguration: { enabled: true },
      // AWS tries the role's permissions for logging when it makes the state machine.
      dependsOn: [this.role.policy],
    });
  }

  get stateMachineArn(): string {
    return this.resource.arn;
  }
}
