import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { Construct } from "constructs";
import type { FunctionDescription } from "../workflow/functions";
import type { ExecutionRole } from "./execution-role";
import { type Deployment, roleAndLog } from "./role-and-log";
import { sourceArchive } from "./source-archive";

export interface WorkflowFunctionProps {
  readonly function: FunctionDescription;
  readonly deployment: Deployment;
}

/** A Lambda function of the workflow, with its role and log. */
export class WorkflowFunction extends Construct {
  readonly role: ExecutionRole;
  private readonly resource: LambdaFunction;

  constructor(scope: Construct, id: string, props: WorkflowFunctionProps) {
    super(scope, id);
    const { function: description, deployment } = props;
    const { role, logGroup } = roleAndLog(this, description, deployment);
    this.role = role;
    const archive = sourceArchive(this, description.folder, "zip");
    this.resource = new LambdaFunction(this, "Resource", {
      functionName: description.name,
      description: description.description,
      role: role.roleArn,
      runtime: description.runtime,
      handler: description.handler,
      timeout: description.timeoutSeconds,
      memorySize: description.memorySizeInMB,
      environment: description.variables && { variables: { ...description.variables } },
      filename: archive.outputPath,
      sourceCodeHash: archive.outputBase64Sha256,
      // The function continues the state machine's trace.
      tracingConfig: { mode: "Active" },
      // Running executions keep the version that they started with.
      publish: true,
      // The log group must exist before the first call; otherwise Lambda creates one that is kept forever.
      dependsOn: [logGroup, role.policy],
    });
  }

  get functionName(): string {
    return this.resource.functionName;
  }

  /** The ARN of the newest code, whatever its version. */
  get functionArn(): string {
    return this.resource.arn;
  }

  /** The ARN of the version that this deploy publishes. */
  get versionArn(): string {
    return this.resource.qualifiedArn;
  }
}
