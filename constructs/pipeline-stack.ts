import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { EnvironmentConfig } from "../config-schema";
import type { WorkflowProps } from "../workflow/props";
import { resourceTags } from "../workflow/resources";
import { MlWorkflow } from "./ml-workflow";
import { configureState } from "./remote-state";

export interface PipelineStackProps {
  /** Where the stack goes. */
  readonly environment: EnvironmentConfig;
  readonly workflow: WorkflowProps;
}

/** Everything that one environment's workflow needs. */
export class PipelineStack extends TerraformStack {
  readonly workflow: MlWorkflow;

  constructor(scope: Construct, id: string, { environment, workflow }: PipelineStackProps) {
    super(scope, id);
    configureState(this, environment);
    new AwsProvider(this, "Aws", {
      region: environment.region,
      // A deploy with another account's credentials ends before it touches anything.
      allowedAccountIds: environment.account === undefined ? undefined : [environment.account],
      defaultTags: [{ tags: resourceTags(workflow) }],
    });
    new ArchiveProvider(this, "Archive");
    // The bindings pin one version each; what is used here both majors have.
    this.addOverride("terraform.required_providers.aws.version", ">= 5.100.0, < 7.0.0");
    this.addOverride("terraform.required_providers.archive.version", ">= 2.7.0, < 3.0.0");

    const { region, bucketName, forceDestroy, kmsKeyArn, logRetentionInDays } = environment;
    this.workflow = new MlWorkflow(this, "Workflow", {
      workflow,
      region,
      bucketName,
      forceDestroy,
      kmsKeyArn,
      logRetentionInDays,
    });
  }
}
