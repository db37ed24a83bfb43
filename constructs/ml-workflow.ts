import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsSagemakerPrebuiltEcrImage } from "@cdktf/provider-aws/lib/data-aws-sagemaker-prebuilt-ecr-image";
import { Construct } from "constructs";
import { scriptKey } from "../source-files";
import { arn } from "../workflow/arns";
import { evaluationFunction, smokeTestFunction } from "../workflow/functions";
import { imageRepositoryArn } from "../workflow/image";
import type { Recipients } from "../workflow/monitoring/notifications";
import { checkNameScope } from "../workflow/names";
import {
  defaultImage,
  type ImageProps,
  scriptFolders,
  type WorkflowProps,
  workflowSettings,
} from "../workflow/props";
import {
  bucketNamePrefix,
  defaultLogRetentionInDays,
  releaseStateMachine,
  workflowStateMachine,
} from "../workflow/resources";
import { type RoleDescription, sageMakerRoles } from "../workflow/roles";
import { ArtifactBucket } from "./artifact-bucket";
import { ExecutionRole } from "./execution-role";
import { Experiments } from "./experiments";
import { ModelRegistry } from "./model-registry";
import { Observability } from "./observability";
import { ScriptBundle } from "./script-bundle";
import { WorkflowFunction } from "./workflow-function";
import { type ScheduleExpression, WorkflowSchedule } from "./workflow-schedule";
import { WorkflowStateMachine } from "./workflow-state-machine";

export interface MlWorkflowProps {
  /** What the workflow does, and with which scripts. */
  readonly workflow: WorkflowProps;
  /** Region of everything in the workflow. */
  readonly region: string;
  /**
   * Name of the artifact bucket.
   *
   * @default - starts with `<prefix>-<environment>-`; AWS makes it unique
   */
  readonly bucketName?: string;
  /**
   * Delete the bucket with everything in it when the stack is destroyed.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;
  /**
   * Key that encrypts the bucket and the logs. Its policy must let CloudWatch Logs use it.
   *
   * @default - keys of S3 and CloudWatch Logs
   */
  readonly kmsKeyArn?: string;
  /** @default 30 */
  readonly logRetentionInDays?: number;
  /**
   * Days to keep versions of objects that were overwritten or deleted.
   *
   * @default 90
   */
  readonly noncurrentVersionDays?: number;
  /**
   * Starts executions by itself, with an empty input.
   *
   * @default - executions are started by hand
   */
  readonly schedule?: ScheduleExpression;
  /**
   * Makes what A/B tests need: their controller, and the group for its schedule.
   *
   * @default false
   */
  readonly experiments?: boolean;
  /**
   * Who hears of releases, executions that end badly, and alarms.
   *
   * @default - nobody
   */
  readonly notifications?: Recipients;
  /**
   * Minutes without a request to the endpoint after which an alarm goes off; it needs `notifications`.
   *
   * @default - an endpoint may be without traffic
   */
  readonly noTrafficMinutes?: number;
  /**
   * Makes a CloudWatch dashboard.
   *
   * @default true
   */
  readonly dashboard?: boolean;
}

/**
 * A whole machine-learning workflow: bucket, roles, code, evaluation function and state machine.
 *
 * Bring scripts of your own in `workflow`; nothing else has to change.
 */
export class MlWorkflow extends Construct {
  readonly bucket: ArtifactBucket;
  /** What the endpoint and batch scoring run as. */
  readonly servingRole: ExecutionRole;
  readonly evaluationFunction: WorkflowFunction;
  readonly stateMachine: WorkflowStateMachine;
  /** Releases a version that is registered already. */
  readonly release: WorkflowStateMachine;
  readonly observability: Observability;

  constructor(scope: Construct, id: string, props: MlWorkflowProps) {
    super(scope, id);
    const { workflow, region, kmsKeyArn, logRetentionInDays = defaultLogRetentionInDays } = props;
    checkNameScope(workflow);

    this.bucket = new ArtifactBucket(this, "Artifacts", {
      namePrefix: bucketNamePrefix(workflow),
      bucketName: props.bucketName,
      forceDestroy: props.forceDestroy,
      kmsKeyArn,
      noncurrentVersionDays: props.noncurrentVersionDays,
    });
    for (const folder of scriptFolders(workflow)) {
      new ScriptBundle(this, folder.replace(/[^A-Za-z0-9]+/g, "-"), { bucket: this.bucket, folder });
    }

    const partition = new DataAwsPartition(this, "Partition").partition;
    const account = new DataAwsCallerIdentity(this, "Account").accountId;
    const settings = workflowSettings(workflow, scriptKey);
    if (props.experiments && settings.endpoint.kind === "serverless") {
      throw new Error(
        'experiments: a serverless endpoint has one variant only; leave experiments out, or set endpoint.kind to "instance"',
      );
    }
    // Asked twice it would be two tokens, which nobody can tell to be the same name.
    const { bucketName } = this.bucket;
    const base = {
      partition,
      region,
      account,
      bucketName,
      dataBucketName: workflow.data?.bucketName ?? bucketName,
      kmsKeyArn,
      ...this.image(workflow.image ?? defaultImage, partition, region),
    };
    const roles = sageMakerRoles(settings, base);
    this.servingRole = new ExecutionRole(this, "SageMakerRole", { role: roles.serving, account });
    const roleOf = (id: string, role: RoleDescription) =>
      new ExecutionRole(this, id, { role, account }).roleArn;
    const roleArns = {
      prep: roleOf("PreprocessingRole", roles.prep),
      train: roleOf("TrainingRole", roles.train),
      compare: roles.compare && roleOf("ComparisonRole", roles.compare),
      serving: this.servingRole.roleArn,
    };
    this.evaluationFunction = new WorkflowFunction(this, "Evaluation", {
      function: evaluationFunction(workflow, base),
      references: base,
      logRetentionInDays,
    });
    const smokeTest =
      settings.smokeTest &&
      new WorkflowFunction(this, "SmokeTest", {
        function: smokeTestFunction(workflow, base),
        references: base,
        logRetentionInDays,
      });
    const described = {
      settings,
      references: {
        ...base,
        roleArns,
        evaluationFunctionVersionArn: this.evaluationFunction.versionArn,
        smokeTestFunctionVersionArn: smokeTest?.versionArn,
      },
    };
    this.stateMachine = new WorkflowStateMachine(this, "StateMachine", {
      stateMachine: workflowStateMachine(described),
      references: base,
      logRetentionInDays,
    });
    this.release = new WorkflowStateMachine(this, "Release", {
      stateMachine: releaseStateMachine(described),
      references: base,
      logRetentionInDays,
    });
    new ModelRegistry(this, "Registry", {
      nameScope: workflow,
      references: base,
      releaseStateMachineArn: this.release.stateMachineArn,
    });
    const { stateMachineArn } = this.stateMachine;
    if (props.schedule !== undefined) {
      new WorkflowSchedule(this, "Schedule", {
        nameScope: workflow,
        schedule: props.schedule,
        stateMachineArn,
        references: base,
        kmsKeyArn,
      });
    }
    this.observability = new Observability(this, "Observability", {
      settings,
      references: base,
      logRetentionInDays,
      notifications: props.notifications,
      noTrafficMinutes: props.noTrafficMinutes,
      dashboard: props.dashboard,
    });
    if (props.experiments) {
      new Experiments(this, "Experiments", {
        nameScope: workflow,
        references: base,
        logRetentionInDays,
        topic: this.observability.notifications,
      });
    }
  }

  private image(image: ImageProps, partition: string, region: string) {
    if (image.uri !== undefined) {
      return { imageUri: image.uri, imageRepositoryArn: imageRepositoryArn(image.uri, partition) };
    }
    const { repository, tag } = image;
    const data = new DataAwsSagemakerPrebuiltEcrImage(this, "Image", {
      repositoryName: repository,
      imageTag: tag,
    });
    return {
      imageUri: data.registryPath,
      // AWS's registry account differs from region to region; the provider knows them all.
      imageRepositoryArn: arn(
        { partition, region, account: data.registryId },
        "ecr",
        `repository/${repository}`,
      ),
    };
  }
}
