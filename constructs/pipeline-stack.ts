import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Aspects, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { EnvironmentConfig } from "../configuration/environment-schema";
import type { WorkflowProps } from "../workflow/props";
import { resourceTags } from "../workflow/resources";
import { MlWorkflow } from "./ml-workflow";
import { providerVersions } from "./provider-versions";
import { configureState } from "./remote-state";

export interface PipelineStackProps {
  /** Where the stack is deployed. */
  readonly environment: EnvironmentConfig;
  readonly workflow: WorkflowProps;
}

/** All resources of one environment's workflow. */
export class PipelineStack extends TerraformStack {
  readonly workflow: MlWorkflow;

  constructor(scope: Construct, id: string, { environment, workflow }: PipelineStackProps) {
    super(scope, id);
    const { region, account, profile, assumeRoleArn, retention, permissionsBoundaryArn } = environment;
    configureState(this, environment);
    new AwsProvider(this, "Aws", {
      region,
      profile,
      assumeRole: assumeRoleArn === undefined ? undefined : [{ roleArn: assumeRoleArn }],
      // A deploy with another account's credentials ends before it changes anything.
      allowedAccountIds: account === undefined ? undefined : [account],
      defaultTags: [{ tags: resourceTags(workflow) }],
    });
    new ArchiveProvider(this, "Archive");
    // The bindings set other versions.
    for (const [provider, version] of Object.entries(providerVersions)) {
      this.addOverride(`terraform.required_providers.${provider}.version`, version);
    }

    this.workflow = new MlWorkflow(this, "Workflow", {
      workflow,
      region,
      bucketName: environment.bucketName,
      forceDestroy: environment.forceDestroy,
      kmsKeyArn: environment.kmsKeyArn,
      logRetentionInDays: retention.logsInDays,
      noncurrentVersionDays: retention.noncurrentVersionsInDays,
      schedule: environment.schedule,
      monitorSchedule: environment.monitor?.schedule,
      retrainingSchedule: environment.retraining?.schedule,
      experiments: environment.experiments,
      notifications: environment.notifications,
      alarms: environment.alarms,
      dashboard: environment.dashboard,
    });
    if (permissionsBoundaryArn !== undefined) {
      Aspects.of(this).add({
        visit(node) {
          if (node instanceof IamRole) node.permissionsBoundary = permissionsBoundaryArn;
        },
      });
    }
  }
}
