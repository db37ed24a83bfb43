import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { EnvironmentConfig } from "../configuration/environment-schema";
import type { ExecutionInput } from "../workflow/execution-input";
import type { PipelineStack } from "./pipeline-stack";
import { configureState } from "./remote-state";

export interface TestRunStackProps {
  readonly environment: EnvironmentConfig;
  readonly pipeline: PipelineStack;
  /** The execution input. */
  readonly executionInput: ExecutionInput;
}

/** The outputs that `npm run execute` reads for a test run. */
export class TestRunStack extends TerraformStack {
  constructor(scope: Construct, id: string, { environment, pipeline, executionInput }: TestRunStackProps) {
    super(scope, id);
    configureState(this, environment);
    const { stateMachine, bucket } = pipeline.workflow;
    const outputs = {
      state_machine_arn: stateMachine.stateMachineArn,
      bucket_name: bucket.bucketName,
      execution_input: JSON.stringify(executionInput),
    };
    for (const [name, value] of Object.entries(outputs)) {
      const output = new TerraformOutput(this, name, { value });
      output.overrideLogicalId(name);
    }
  }
}
