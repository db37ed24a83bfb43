import { SfnStateMachine } from "@cdktf/provider-aws/lib/sfn-state-machine";
import { Construct } from "constructs";
import type { StateMachineDescription } from "../workflow/resources";
import type { ExecutionRole } from "./execution-role";
import { longText } from "./long-text";
import { type Deployment, roleAndLog } from "./role-and-log";

export interface WorkflowStateMachineProps {
  readonly stateMachine: StateMachineDescription;
  readonly deployment: Deployment;
}

/** A state machine with its role, its log and its traces. */
export class WorkflowStateMachine extends Construct {
  readonly role: ExecutionRole;
  private readonly resource: SfnStateMachine;

  constructor(scope: Construct, id: string, props: WorkflowStateMachineProps) {
    super(scope, id);
    const { stateMachine, deployment } = props;
    const { role, logGroup } = roleAndLog(this, stateMachine, deployment);
    this.role = role;
    this.resource = new SfnStateMachine(this, "Resource", {
      name: stateMachine.name,
      roleArn: role.roleArn,
      definition: longText(stateMachine.definition),
      type: "STANDARD",
      loggingConfiguration: { ...stateMachine.logging, logDestination: `${logGroup.arn}:*` },
      tracingConfiguration: { enabled: true },
      // AWS checks the role's permissions for logging when it creates the state machine.
      dependsOn: [role.policy],
    });
  }

  get stateMachineArn(): string {
    return this.resource.arn;
  }
}
