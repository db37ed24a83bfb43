import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { Construct } from "constructs";
import type { NameScope } from "../workflow/names";
import { evaluationFunction } from "../workflow/resources";
import type { WorkflowReferences } from "../workflow/settings";
import { ExecutionRole } from "./execution-role";
import { sourceArchive } from "./source-archive";

export interface EvaluationFunctionProps {
  readonly nameScope: NameScope;
  readonly references: Pick<
    WorkflowReferences,
    "partition" | "region" | "account" | "bucketName" | "kmsKeyArn"
  >;
  readonly logRetentionInDays: number;
}

/** The Lambda function that reads a training job's metrics and judges them, with its role and log. */
export class EvaluationFunction extends Construct {
  readonly role: ExecutionRole;
  private readonly resource: LambdaFunction;

  constructor(scope: Construct, id: string, props: EvaluationFunctionProps) {
    super(scope, id);
    const { nameScope, references, logRetentionInDays } = props;
    const description = evaluationFunction(nameScope, references);
    this.role = new ExecutionRole(this, "Role", { role: description.role, account: references.account });
    const logGroup = new CloudwatchLogGroup(this, "LogGroup", {
      name: description.logGroupName,
      retentionInDays: logRetentionInDays,
      kmsKeyId: references.kmsKeyArn,
    });
    const archive = sourceArchive(this, description.folder, "zip");
    this.resource = new LambdaFunction(this, "Resource", {
      functionName: description.name,
      description: "Reads a training job's metrics and says whether the model passes the gate",
      role: this.role.roleArn,
      runtime: description.runtime,
      handler: description.handler,
      timeout: description.timeoutSeconds,
      memorySize: description.memorySizeInMB,
      filename: archive.outputPath,
      sourceCodeHash: archive.outputBase64Sha256,
      // The state machine's trace goes on in the function.
      tracingConfig: { mode: "Active" },
      // Executions that are running keep the version that they started with.
      publish: true,
      // The first call must find its own group, or Lambda makes one that is kept for ever.
      dependsOn: [logGroup, this.role.policy],
    });
  }

  /** The ARN of the version that this deploy publishes. */
  get versionArn(): string {
    return this.resource.qualifiedArn;
  }
}
