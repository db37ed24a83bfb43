/** What the calls of a release without faults answer, by state: the model in service is replaced by a new one. */

import type { Json, JsonObject } from "../../workflow/asl/jsonata";
import { ownerTag } from "../../workflow/step";
import type { DrilledDefinition } from "./definitions";

/** An error that a call answers with. */
export interface Thrown {
  readonly error: string;
  readonly cause?: string;
}

/** What one call gets. */
export type Answer = { readonly result: Json } | Thrown;

/** Answers of a state's calls; the last one stays. */
export type Answers = Readonly<Record<string, readonly Answer[]>>;

export function returns(...results: readonly Json[]): Answer[] {
  return results.map((result) => ({ result }));
}

export const newConfig = "new-config";
export const oldConfig = "old-config";

/** The description of an endpoint. */
export function endpoint(status: string, config: string, more: JsonObject = {}): JsonObject {
  return {
    EndpointArn: "arn:aws:sagemaker:us-east-1:123456789012:endpoint/drill",
    EndpointStatus: status,
    EndpointConfigName: config,
    ProductionVariants: [{ CurrentWeight: 1, DesiredInstanceCount: 2 }],
    ...more,
  };
}

const artifacts = "s3://drill-bucket/model-artifacts/train-1/output";
const sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/** The description of a version that can be released. */
export function modelPackage(more: JsonObject = {}): JsonObject {
  return {
    ModelPackageVersion: 7,
    ModelPackageStatus: "Completed",
    ModelApprovalStatus: "Approved",
    ModelMetrics: { ModelQuality: { Statistics: { S3Uri: `${artifacts}/evaluation.json` } } },
    CustomerMetadataProperties: { modelSha256: sha256, evaluationSha256: sha256 },
    InferenceSpecification: {
      Containers: [{ ModelDataUrl: `${artifacts}/model.tar.gz`, Environment: { SAGEMAKER_PROGRAM: "i.py" } }],
    },
    CreationTime: "2026-01-31T12:00:00.000Z",
    ...more,
  };
}

/** The answers to calls about what the workflow `base` owns. */
export function usualAnswers({ base, references }: DrilledDefinition): Answers {
  return {
    ...trainingAnswers(base),
    ...releaseAnswers(base, versionArn(base, references)),
    ...monitorAnswers(base),
    ...retrainAnswers(base),
  };
}

/** The ARN of the version that is released. */
export function versionArn(base: string, { region, account }: DrilledDefinition["references"]): string {
  return `arn:aws:sagemaker:${region}:${account}:model-package/${base}/7`;
}

const trained = {
  ModelArtifacts: { S3ModelArtifacts: "s3://drill-bucket/training-output/train-1/output/model.tar.gz" },
};

const noResult = returns({
  Payload: {
    Hit: false,
    Address: "address",
    Seen: "seen",
    Report: { Hit: false, Reason: "there is no earlier result" },
  },
});

/** What the cache answers if nothing has changed since a job. */
export function earlierResult(JobName: string, more: JsonObject = {}): Answer[] {
  const Report = { Hit: true, Reason: "nothing has changed", JobName };
  return returns({
    Payload: { Hit: true, Address: "address", Seen: "seen", Result: { JobName, ...more }, Report },
  });
}

/** A later execution takes results of jobs with these names only. */
function trainingAnswers(base: string): Answers {
  return {
    FindExperiment: returns(endpoint("InService", oldConfig)),
    FindData: returns({ KeyCount: 1 }),
    CopyCode: returns({ CopyObjectResult: {} }),
    FindEarlierProcessing: noResult,
    FindEarlierTraining: noResult,
    FindEarlierTuning: noResult,
    RecordProcessing: returns({ Payload: { Recorded: true } }),
    RecordTraining: returns({ Payload: { Recorded: true } }),
    RecordTuning: returns({ Payload: { Recorded: true } }),
    DataPreprocessing: returns({
      ProcessingJobName: `${base}-prep-1`,
      ProcessingJobStatus: "Completed",
      ProcessingOutputConfig: {
        Outputs: [{ S3Output: { S3Uri: "s3://drill-bucket/processed-data/prep-1" } }],
      },
    }),
    ModelTraining: returns({
      TrainingJobName: `${base}-train-1`,
      TrainingJobStatus: "Completed",
      ...trained,
    }),
    ModelTuning: returns({
      HyperParameterTuningJobName: `${base}-tune-1`,
      HyperParameterTuningJobStatus: "Completed",
      BestTrainingJob: { TrainingJobName: `${base}-train-1` },
    }),
    ReadBestTraining: returns({
      TrainingJobName: `${base}-train-1`,
      HyperParameters: { depth: "3" },
      ...trained,
    }),
    KeepModel: returns({ CopyObjectResult: { ChecksumSHA256: sha256 } }),
    FindChampion: returns(endpoint("InService", oldConfig)),
    ReadChampionConfig: returns({
      CreationTime: "2026-01-01T00:00:00.000Z",
      ProductionVariants: [{ ModelName: "old-model", VariantName: "primary" }],
      DataCaptureConfig: { DestinationS3Uri: "s3://drill-bucket/data-capture" },
    }),
    ReadChampionModel: returns({
      PrimaryContainer: { ModelPackageName: "arn:aws:sagemaker:::model-package/m/6" },
    }),
    ReadChampionPackage: returns(modelPackage()),
    ModelComparison: returns({ ProcessingJobName: "compare-1", ProcessingJobStatus: "Completed" }),
    ModelEvaluation: returns({ Payload: evaluation(true) }),
  };
}

/** What the evaluation function answers. */
export function evaluation(passed: boolean): JsonObject {
  return {
    Passed: passed,
    Metric: "test_r2",
    Value: 0.8,
    Threshold: 0.7,
    Better: "greater",
    Reason: "test_r2 0.8 > 0.7",
    Metrics: { test_r2: 0.8 },
    EvaluationUrl: `${artifacts}/evaluation.json`,
    EvaluationSha256: sha256,
  };
}

function releaseAnswers(base: string, modelPackageArn: string): Answers {
  const configs = [0, 1, 2, 3, 4, 5, 6].map((number) => `${base}-config-${number}`);
  return {
    RegisterModel: returns({ ModelPackageArn: modelPackageArn }),
    ReadPackage: returns(modelPackage()),
    FindArtifact: returns({ KeyCount: 1 }),
    ReadFile: returns({ ChecksumSHA256: sha256 }),
    CreateModel: returns({ ModelArn: "arn:aws:sagemaker:us-east-1:123456789012:model/new-model" }),
    CreateEndpointConfig: returns({
      EndpointConfigArn: `arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/${newConfig}`,
    }),
    FindEndpoint: returns(endpoint("InService", oldConfig)),
    ReadEndpointTags: returns({ Tags: [{ Key: ownerTag, Value: base }] }),
    DeleteFailedEndpoint: returns({}),
    CreateEndpoint: returns({ EndpointArn: "arn" }),
    UpdateEndpoint: returns({ EndpointArn: "arn" }),
    CheckEndpoint: returns(endpoint("Updating", oldConfig), endpoint("InService", newConfig)),
    SmokeTest: returns({ Payload: { Passed: true, Failures: [] } }),
    CheckRollback: returns(
      endpoint("InService", newConfig),
      endpoint("Updating", newConfig),
      endpoint("InService", oldConfig),
    ),
    RestoreEndpoint: returns({ EndpointArn: "arn" }),
    RemoveEndpoint: returns({}),
    RegisterScalableTarget: returns({ ScalableTargetARN: "arn" }),
    PutScalingPolicy: returns({ PolicyARN: "arn", Alarms: [] }),
    FindEndpoints: returns({ Endpoints: [{ EndpointName: base }] }),
    ReadEndpoint: returns(endpoint("InService", newConfig)),
    FindConfigs: returns({ EndpointConfigs: configs.map((EndpointConfigName) => ({ EndpointConfigName })) }),
    ReadConfig: returns(
      ...configs.map((EndpointConfigName, index) => ({
        EndpointConfigName,
        ProductionVariants: [{ ModelName: `model-${index}` }],
      })),
    ),
    RemoveConfig: returns({}),
    RemoveModel: returns({}),
  };
}

/** What the monitor's job writes. */
export function verdict(Verdict: string, ...Reasons: string[]): JsonObject {
  const found = { Verdict, Reasons, Features: [], Rows: 100, Metrics: { Rows: 100 } };
  return { Body: JSON.stringify(found) };
}

/** Nothing has drifted. */
function monitorAnswers(base: string): Answers {
  return {
    FindFolder: returns({ KeyCount: 1 }),
    JudgeTraffic: returns({
      ProcessingJobName: `${base}-monitor-1`,
      ProcessingJobStatus: "Completed",
    }),
    ReadVerdict: returns(verdict("ok")),
    KeepReport: returns({ CopyObjectResult: {} }),
    PutMonitorMetrics: returns({}),
    AskForRetraining: returns({
      ExecutionArn: `arn:aws:states:us-east-1:123456789012:execution:${base}-retrain:monitor-1`,
    }),
  };
}

/** An execution of the workflow in a list of them. */
export function listed(Name: string, Status: string, StartDate = "2026-01-01T00:00:00.000Z"): JsonObject {
  const ExecutionArn = `arn:aws:states:us-east-1:123456789012:execution:drill:${Name}`;
  return { ExecutionArn, Name, Status, StartDate };
}

/** The raw data has an object, of a time. */
export function rawData(LastModified: string, IsTruncated = false): JsonObject {
  return { KeyCount: 1, IsTruncated, Contents: [{ Key: "raw-data/data.csv", LastModified }] };
}

/** There is new data since the last retraining. */
function retrainAnswers(base: string): Answers {
  return {
    FindExecutions: returns({ Executions: [listed("retrain-first", "SUCCEEDED")] }),
    FindReset: returns({ KeyCount: 0 }),
    ReadLastRevision: returns({ StateMachineArn: "arn", RevisionId: "one" }),
    ReadRevision: returns({ StateMachineArn: "arn", RevisionId: "one" }),
    FindNewData: returns(rawData("2026-01-31T12:00:00.000Z")),
    StartRetraining: returns({
      ExecutionArn: `arn:aws:states:us-east-1:123456789012:execution:${base}:retrain-1`,
    }),
    KeepDecision: returns({ ETag: "etag" }),
    TellDecision: returns({ FailedEntryCount: 0, Entries: [{ EventId: "event-1" }] }),
  };
}
