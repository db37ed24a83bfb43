import type { Place } from "./arns";
import type { Json } from "./asl/jsonata";
import type { EndpointSettings } from "./endpoint/kinds";
import type { Gate } from "./gate";
import type { NameScope } from "./names";
import type { RetrainingSettings } from "./retraining/retraining";
import type { TrainingInstances } from "./training-instances";
import type { TuningSettings } from "./tuning/props";

/** A script of the workflow: a folder of code, and its entry point. */
interface ScriptSettings {
  /** Key of the folder's tar.gz in the artifact bucket, with a hash of the folder's content. */
  readonly codeKey: string;
  /** File name inside the folder. */
  readonly entryPoint: string;
}

/** The instances of a processing or training job. */
export interface JobSettings extends ScriptSettings {
  readonly instanceType: string;
  readonly instanceCount: number;
  readonly volumeSizeInGB: number;
  readonly maxRuntimeInSeconds: number;
  /** How long it waits for quota and capacity, in all; 0 for not at all. */
  readonly waitForCapacityInSeconds: number;
}

/** The job that compares captured traffic with the data that the model was trained on, and the window of each run. */
export interface MonitorSettings extends JobSettings {
  /** Where in the artifact bucket the endpoint's requests are. */
  readonly capturePrefix: string;
  readonly arguments: readonly string[];
  readonly windowInHours: number;
  /** How long after its end a window is judged, so that captured requests, and labels, have arrived. */
  readonly delayInMinutes: number;
}

/** The network of jobs and endpoint. */
export interface VpcSettings {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

/** How long results are used again. */
export interface CacheSettings {
  /** Null: without a limit. */
  readonly maxAgeInDays: number | null;
}

/** Examples for which a model in service must return the expected predictions. */
export interface SmokeTest {
  readonly examples: readonly SmokeTestExample[];
  /** @default "application/json" */
  readonly contentType?: "application/json" | "text/csv";
}

/** Instances for one request, and what their predictions must be: numbers in a range, or values such as labels. */
export type SmokeTestExample =
  | {
      readonly instances: readonly Json[];
      /** The lowest prediction that passes. */
      readonly low: number;
      /** The highest prediction that passes. */
      readonly high: number;
    }
  | {
      readonly instances: readonly Json[];
      /** The prediction for each instance, in their order. */
      readonly expected: readonly (string | number | boolean)[];
    };

/** All settings of the workflow, as plain data: `props.ts` fills in the defaults. */
export interface WorkflowSettings extends NameScope {
  readonly processing: JobSettings & { readonly arguments: readonly string[] };
  readonly training: JobSettings & {
    readonly hyperparameters: Readonly<Record<string, string>>;
    /** Metrics that the script prints as `<name>: <number>`; SageMaker records them. */
    readonly metrics: readonly string[];
  } & TrainingInstances;
  /** The tuning, whose best training job replaces the single one; without it, one training job. */
  readonly tuning?: TuningSettings;
  /** The job that compares a new model with the one in service; without it, only the threshold decides. */
  readonly comparison?: JobSettings & { readonly arguments: readonly string[] };
  /** The monitor of the endpoint's captured traffic; without it, none. */
  readonly monitor?: MonitorSettings;
  /** Decides on reasons to run the workflow again; without it, nothing does. */
  readonly retraining?: RetrainingSettings;
  readonly inference: ScriptSettings;
  /** The cache of the results of jobs; without it, every execution runs its jobs. */
  readonly cache?: CacheSettings;
  readonly gate: Gate;
  /** Whether the execution that trained a model releases it, or it waits for manual approval. */
  readonly approval: "automatic" | "manual";
  readonly endpoint: EndpointSettings;
  /** Additional alarms that roll back an update with a canary. */
  readonly rollbackAlarms: readonly string[];
  /** The smoke test of a model in service; without it, none. */
  readonly smokeTest?: SmokeTest;
  /** How many endpoint configurations, with their models, are kept in addition to those in use. */
  readonly retainedReleases: number;
  /** Subnets and security groups of jobs and endpoint; without it, SageMaker's own network. */
  readonly vpc?: VpcSettings;
  /** Additional tags on what executions create. */
  readonly tags: Readonly<Record<string, string>>;
  /** Prefix of the raw data; ends with `/`. */
  readonly dataPrefix: string;
  /** Time limit of one whole execution. */
  readonly timeoutSeconds: number;
}

/** References to the account and to other resources: real values or Terraform tokens. */
export interface WorkflowReferences extends Place {
  readonly bucketName: string;
  /** The bucket of the raw data; often the artifact bucket. */
  readonly dataBucketName: string;
  readonly imageUri: string;
  readonly imageRepositoryArn: string;
  readonly roleArns: SageMakerRoles<string>;
  /** ARN of one version, so that a running execution keeps its code during a deploy. */
  readonly evaluationFunctionVersionArn: string;
  /** ARN of one version; with a smoke test only. */
  readonly smokeTestFunctionVersionArn?: string;
  /** ARN of one version; with a cache only. */
  readonly resultsCacheFunctionVersionArn?: string;
  readonly kmsKeyArn?: string;
}

/** The roles that SageMaker assumes: one for each kind of job, and one for the endpoint. */
export interface SageMakerRoles<Role> {
  readonly prep: Role;
  readonly train: Role;
  /** With a comparison only. */
  readonly compare?: Role;
  /** With a monitor only. */
  readonly monitor?: Role;
  readonly serving: Role;
}

/** Settings and references, from which every step is built. */
export interface Workflow {
  readonly settings: WorkflowSettings;
  readonly references: WorkflowReferences;
}
