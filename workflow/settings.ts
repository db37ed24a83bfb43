import type { Place } from "./arns";
import type { Json, JsonObject } from "./asl/jsonata";
import type { EndpointSettings } from "./endpoint/kinds";
import type { Gate } from "./gate";
import type { NameScope } from "./names";

/** One script of the workflow: a folder of code, and the file in it that starts. */
interface ScriptSettings {
  /** Key in the artifact bucket of the folder's tar.gz; it holds a hash of the folder's content. */
  readonly codeKey: string;
  /** File name inside the folder. */
  readonly entryPoint: string;
}

/** What a processing or training job runs on. */
export interface JobSettings extends ScriptSettings {
  readonly instanceType: string;
  readonly instanceCount: number;
  readonly volumeSizeInGB: number;
  readonly maxRuntimeInSeconds: number;
}

/** Where jobs and endpoint have their network interfaces. */
export interface VpcSettings {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

/** Examples that a model in service must answer as expected. */
export interface SmokeTest {
  readonly examples: readonly SmokeTestExample[];
  /** @default "application/json" */
  readonly contentType?: "application/json" | "text/csv";
}

/** Instances for one request, and what their predictions must be: numbers in a range, or values such as labels. */
export type SmokeTestExample =
  | {
      readonly instances: readonly Json[];
      /** The least prediction that passes. */
      readonly low: number;
      /** The greatest prediction that passes. */
      readonly high: number;
    }
  | {
      readonly instances: readonly Json[];
      /** The prediction for each instance, in their order. */
      readonly expected: readonly (string | number | boolean)[];
    };

/** Everything that decides what the workflow does. Plain data: `props.ts` fills in the defaults. */
export interface WorkflowSettings extends NameScope {
  readonly processing: JobSettings & { readonly arguments: readonly string[] };
  readonly training: JobSettings & {
    readonly hyperparameters: Readonly<Record<string, string>>;
    /** Metrics that the script prints as `<name>: <number>`; SageMaker records them. */
    readonly metrics: readonly string[];
  };
  /** The job that compares a new model with the one that serves; without it, only the threshold decides. */
  readonly comparison?: JobSettings & { readonly arguments: readonly string[] };
  readonly inference: ScriptSettings;
  readonly gate: Gate;
  /** Whether the execution that trained a model releases it, or a person approves it first. */
  readonly approval: "automatic" | "manual";
  readonly endpoint: EndpointSettings;
  /** Alarms of the account, beside our own, that roll an update with a canary back. */
  readonly rollbackAlarms: readonly string[];
  /** What a model in service is asked before its release ends; without it, nothing. */
  readonly smokeTest?: SmokeTest;
  /** Endpoint configurations, with their models, that are kept beside those that serve. */
  readonly retainedReleases: number;
  /** Subnets and security groups of jobs and endpoint; without it, SageMaker's own network. */
  readonly vpc?: VpcSettings;
  /** More tags on what executions create. */
  readonly tags: Readonly<Record<string, string>>;
  /** Prefix of the raw data; ends with `/`. */
  readonly dataPrefix: string;
  /** Limit for one execution as a whole. */
  readonly timeoutSeconds: number;
}

/** What the definition must know of the account and of resources made beside it: real values or Terraform tokens. */
export interface WorkflowReferences extends Place {
  readonly bucketName: string;
  /** The bucket that holds the raw data; often the artifact bucket itself. */
  readonly dataBucketName: string;
  readonly imageUri: string;
  readonly imageRepositoryArn: string;
  readonly roleArns: SageMakerRoles<string>;
  /** Of one version: what runs while a deploy happens keeps the code that it started with. */
  readonly evaluationFunctionVersionArn: string;
  /** Of one version; where there is a smoke test. */
  readonly smokeTestFunctionVersionArn?: string;
  readonly kmsKeyArn?: string;
}

/** The roles that SageMaker assumes: one for each kind of job, and one for what serves. */
export interface SageMakerRoles<Role> {
  readonly prep: Role;
  readonly train: Role;
  /** Where new models are compared with the one that serves. */
  readonly compare?: Role;
  readonly serving: Role;
}

/** Settings and references together: what every step is made from. */
export interface Workflow {
  readonly settings: WorkflowSettings;
  readonly references: WorkflowReferences;
}

/** Prefixes of the artifact bucket. */
export const prefixes = {
  rawData: "raw-data/",
  processedData: "processed-data/",
  /** What training jobs write. Nothing is served from here. */
  trainingOutput: "training-output/",
  /** Models as they are judged, registered and served. No job and no endpoint can write one. */
  modelArtifacts: "model-artifacts/",
  code: "code/",
  /** Copies that pin the code of one execution. */
  executionCode: "code/executions/",
  /** What batch scoring reads, and what it writes. */
  scoringInput: "scoring-input/",
  scoringOutput: "scoring-output/",
  /** What predictions of an A/B test were worth; written by whoever learns it. */
  rewards: "rewards/",
  /** Decisions on A/B tests. */
  experiments: "experiments/",
} as const;

/** Keys of models, as a pattern. */
export const modelKeys = `${prefixes.modelArtifacts}*/output/model.tar.gz`;

/** The network as SageMaker's requests write it; nothing where there is none. */
export function vpcConfig({ settings: { vpc } }: Workflow): JsonObject {
  if (vpc === undefined) return {};
  return { VpcConfig: { Subnets: [...vpc.subnetIds], SecurityGroupIds: [...vpc.securityGroupIds] } };
}
