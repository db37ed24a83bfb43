import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsSagemakerPrebuiltEcrImage } from "@cdktf/provider-aws/lib/data-aws-sagemaker-prebuilt-ecr-image";
import { Construct } from "constructs";
import { scriptKey } from "../source-files";
import { arn } from "../workflow/arns";
import { bucketNamePrefix } from "../workflow/bucket";
import type { CaptureSettings } from "../workflow/endpoint/capture";
import { captureOf } from "../workflow/endpoint/kinds";
import { evaluationFunction, resultsCacheFunction, smokeTestFunction } from "../workflow/functions";
import { defaultImage, type ImageProps, imageRepositoryArn } from "../workflow/image";
import type { AlarmOptions } from "../workflow/monitoring/alarms";
import type { Recipients } from "../workflow/monitoring/notifications";
import { baseName, checkNameScope, monitorName, type NameScope, retrainName } from "../workflow/names";
import { scriptFolders, type WorkflowProps, workflowSettings } from "../workflow/props";
import {
  defaultLogRetentionInDays,
  monitorStateMachine,
  releaseStateMachine,
  retrainStateMachine,
  type StateMachineDescription,
  workflowStateMachine,
} from "../workflow/resources";
import { longestWhy } from "../workflow/retraining/retraining";
import { type RoleDescription, type RoleReferences, sageMakerRoles } from "../workflow/roles";
import type { SageMakerRoles, WorkflowSettings } from "../workflow/settings";
import type { RetrainInput } from "../workflow/steps/retrain-input";
import { ArtifactBucket } from "./artifact-bucket";
import { ExecutionRole } from "./execution-role";
import { Experiments } from "./experiments";
import { ModelRegistry } from "./model-registry";
import { Observability } from "./observability";
import type { Deployment } from "./role-and-log";
import { ScriptBundle } from "./script-bundle";
import { WorkflowFunction } from "./workflow-function";
import { type ScheduleExpression, WorkflowSchedule } from "./workflow-schedule";
import { WorkflowStateMachine } from "./workflow-state-machine";

export interface MlWorkflowProps {
  /** The workflow's props, including its scripts. */
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
   * Delete the bucket with its contents when the stack is destroyed.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;
  /**
   * Key that encrypts the bucket and the logs. Its policy must allow CloudWatch Logs to use it.
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
   * Starts executions on a schedule, with an empty input.
   *
   * @default - executions are started manually
   */
  readonly schedule?: ScheduleExpression;
  /**
   * Runs the workflow's monitor on a schedule.
   *
   * @default - the monitor is run by hand
   */
  readonly monitorSchedule?: ScheduleExpression;
  /**
   * Asks for a retraining on a schedule.
   *
   * @default - only what else asks for it
   */
  readonly retrainingSchedule?: ScheduleExpression;
  /**
   * Creates the resources of A/B tests: their controller, and the group for its schedule.
   *
   * @default false
   */
  readonly experiments?: boolean;
  /**
   * Who is notified of releases, failed executions, and alarms.
   *
   * @default - no notifications
   */
  readonly notifications?: Recipients;
  /**
   * Limits of alarms; they need `notifications`.
   *
   * @default - the defaults of each
   */
  readonly alarms?: AlarmOptions;
  /**
   * Creates a CloudWatch dashboard.
   *
   * @default true
   */
  readonly dashboard?: boolean;
}

/**
 * A complete machine-learning workflow: bucket, roles, code, evaluation function and state machine.
 *
 * Set your own scripts in `workflow`; nothing else needs to change.
 */
export class MlWorkflow extends Construct {
  readonly bucket: ArtifactBucket;
  /** The role of the endpoint and of batch scoring. */
  readonly servingRole: ExecutionRole;
  readonly evaluationFunction: WorkflowFunction;
  readonly stateMachine: WorkflowStateMachine;
  /** The state machine that releases a registered version. */
  readonly release: WorkflowStateMachine;
  /** The state machine that judges captured traffic. */
  readonly monitor?: WorkflowStateMachine;
  /** The state machine that decides on retrainings. */
  readonly retrain?: WorkflowStateMachine;
  readonly observability: Observability;

  constructor(scope: Construct, id: string, props: MlWorkflowProps) {
    super(scope, id);
    const { workflow } = props;
    checkNameScope(workflow);
    const settings = workflowSettings(workflow, scriptKey);
    checkExperiments(props, settings);

    this.bucket = this.artifacts(props, captureOf(settings.endpoint));
    this.uploadScripts(workflow);
    const deployment = this.deployment(props);
    const roles = this.roles(settings, deployment);
    this.servingRole = roles.serving;
    this.evaluationFunction = new WorkflowFunction(this, "Evaluation", {
      function: evaluationFunction(workflow, deployment),
      deployment,
    });
    const references = {
      ...deployment,
      roleArns: {
        prep: roles.prep.roleArn,
        train: roles.train.roleArn,
        compare: roles.compare?.roleArn,
        monitor: roles.monitor?.roleArn,
        serving: roles.serving.roleArn,
      },
      evaluationFunctionVersionArn: this.evaluationFunction.versionArn,
      smokeTestFunctionVersionArn: this.smokeTest(settings, deployment)?.versionArn,
      resultsCacheFunctionVersionArn: this.resultsCache(settings, deployment)?.versionArn,
    };
    this.stateMachine = new WorkflowStateMachine(this, "StateMachine", {
      stateMachine: workflowStateMachine({ settings, references }),
      deployment,
    });
    this.release = new WorkflowStateMachine(this, "Release", {
      stateMachine: releaseStateMachine({ settings, references }),
      deployment,
    });
    this.monitor = this.optional("Monitor", monitorStateMachine({ settings, references }), deployment);
    this.retrain = this.optional("Retrain", retrainStateMachine({ settings, references }), deployment);
    this.startReleases(workflow, deployment);
    this.schedules(props, deployment);
    this.observability = new Observability(this, "Observability", { ...props, settings, deployment });
    this.experiments(props, deployment);
  }

  private artifacts(
    { workflow, ...props }: MlWorkflowProps,
    capture: CaptureSettings | undefined,
  ): ArtifactBucket {
    return new ArtifactBucket(this, "Artifacts", {
      namePrefix: bucketNamePrefix(workflow),
      bucketName: props.bucketName,
      forceDestroy: props.forceDestroy,
      kmsKeyArn: props.kmsKeyArn,
      noncurrentVersionDays: props.noncurrentVersionDays,
      capture,
    });
  }

  private uploadScripts(workflow: WorkflowProps): void {
    for (const folder of scriptFolders(workflow)) {
      new ScriptBundle(this, folder.replace(/[^A-Za-z0-9]+/g, "-"), { bucket: this.bucket, folder });
    }
  }

  private deployment({ workflow, region, kmsKeyArn, logRetentionInDays }: MlWorkflowProps) {
    const { partition } = new DataAwsPartition(this, "Partition");
    const account = new DataAwsCallerIdentity(this, "Account").accountId;
    // Reading it twice would create two tokens, which cannot be recognized as the same name.
    const { bucketName } = this.bucket;
    return {
      partition,
      region,
      account,
      bucketName,
      dataBucketName: workflow.data?.bucketName ?? bucketName,
      kmsKeyArn,
      logRetentionInDays: logRetentionInDays ?? defaultLogRetentionInDays,
      ...this.image(workflow.image ?? defaultImage, partition, region),
    };
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
      // AWS's registry account differs by region; the provider has all of them.
      imageRepositoryArn: arn(
        { partition, region, account: data.registryId },
        "ecr",
        `repository/${repository}`,
      ),
    };
  }

  private roles(settings: WorkflowSettings, references: RoleReferences): SageMakerRoles<ExecutionRole> {
    const described = sageMakerRoles(settings, references);
    const { account } = references;
    const role = (id: string, role: RoleDescription) => new ExecutionRole(this, id, { role, account });
    return {
      serving: role("SageMakerRole", described.serving),
      prep: role("PreprocessingRole", described.prep),
      train: role("TrainingRole", described.train),
      compare: described.compare && role("ComparisonRole", described.compare),
      monitor: described.monitor && role("MonitorRole", described.monitor),
    };
  }

  private smokeTest(settings: WorkflowSettings, deployment: Deployment): WorkflowFunction | undefined {
    if (settings.smokeTest === undefined) return undefined;
    return new WorkflowFunction(this, "SmokeTest", {
      function: smokeTestFunction(settings, deployment),
      deployment,
    });
  }

  private resultsCache(
    settings: WorkflowSettings,
    deployment: Deployment & RoleReferences,
  ): WorkflowFunction | undefined {
    if (settings.cache === undefined) return undefined;
    return new WorkflowFunction(this, "ResultsCache", {
      function: resultsCacheFunction(settings, deployment),
      deployment,
    });
  }

  private startReleases(nameScope: NameScope, deployment: Deployment): void {
    const releaseStateMachineArn = this.release.stateMachineArn;
    new ModelRegistry(this, "Registry", { nameScope, deployment, releaseStateMachineArn });
  }

  private optional(
    id: string,
    stateMachine: StateMachineDescription | undefined,
    deployment: Deployment,
  ): WorkflowStateMachine | undefined {
    return stateMachine && new WorkflowStateMachine(this, id, { stateMachine, deployment });
  }

  private schedules(props: MlWorkflowProps, deployment: Deployment): void {
    const { workflow, schedule, monitorSchedule } = props;
    const common = { nameScope: workflow, deployment };
    if (schedule !== undefined) {
      const { stateMachineArn } = this.stateMachine;
      const [name, description] = [baseName(workflow), "Starts an execution of the workflow"];
      new WorkflowSchedule(this, "Schedule", { ...common, name, description, schedule, stateMachineArn });
    }
    this.retrainingSchedule(props, deployment);
    if (monitorSchedule === undefined) return;
    if (this.monitor === undefined) {
      throw new Error(
        "monitor.schedule needs a monitor, and an endpoint that captures requests: set workflow.monitor and endpoint.capture, or leave the schedule out",
      );
    }
    const { stateMachineArn } = this.monitor;
    const [name, description] = [monitorName(workflow), "Judges what the endpoint has captured"];
    new WorkflowSchedule(this, "MonitorSchedule", {
      ...common,
      name,
      description,
      schedule: monitorSchedule,
      stateMachineArn,
    });
  }

  private retrainingSchedule(
    { workflow, retrainingSchedule: schedule }: MlWorkflowProps,
    deployment: Deployment,
  ): void {
    if (schedule === undefined) return;
    if (this.retrain === undefined) {
      throw new Error(
        "retraining.schedule needs decisions on retrainings: set workflow.retraining, such as {}",
      );
    }
    const { stateMachineArn } = this.retrain;
    const Why = `${schedule.expression} in ${schedule.timeZone}`.slice(0, longestWhy);
    const input: RetrainInput = { Reason: { Kind: "schedule", Why } };
    new WorkflowSchedule(this, "RetrainingSchedule", {
      ...{ nameScope: workflow, deployment, schedule, stateMachineArn, input },
      name: retrainName(workflow),
      description: "Asks for a retraining",
    });
  }

  private experiments({ workflow, experiments }: MlWorkflowProps, deployment: Deployment): void {
    if (!experiments) return;
    const topic = this.observability.notifications;
    new Experiments(this, "Experiments", { nameScope: workflow, deployment, topic });
  }
}

function checkExperiments({ experiments }: MlWorkflowProps, { endpoint }: WorkflowSettings): void {
  if (experiments && endpoint.kind === "serverless") {
    throw new Error(
      'experiments: a serverless endpoint has one variant only; leave experiments out, or set endpoint.kind to "instance"',
    );
  }
}
