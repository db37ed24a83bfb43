/** What a user expects when a call keeps failing: which failure it is, whichever the error. */

import type { FaultClass } from "./faults";
import type { End } from "./scenarios";

/** The end by state. A state that is new here has none: decide what its users expect, and add it. */
export const expectedEnds: Readonly<Record<string, End>> = {
  // A release checks again, and decides.
  FindExperiment: "success",
  FindData: "PreparationFailed",
  CopyCode: "PreparationFailed",
  // A cache that fails is a miss.
  FindEarlierProcessing: "success",
  FindEarlierTraining: "success",
  FindEarlierTuning: "success",
  RecordProcessing: "success",
  RecordTraining: "success",
  RecordTuning: "success",
  DataPreprocessing: "ProcessingJobFailed",
  ModelTraining: "TrainingJobFailed",
  ModelTuning: "TuningJobFailed",
  ReadBestTraining: "TuningJobFailed",
  KeepModel: "RegistrationFailed",
  FindChampion: "ComparisonFailed",
  ReadChampionConfig: "ComparisonFailed",
  ReadChampionModel: "ComparisonFailed",
  ReadChampionPackage: "ComparisonFailed",
  ModelComparison: "ComparisonFailed",
  ModelEvaluation: "EvaluationFailed",
  FindFolder: "MonitoringFailed",
  JudgeTraffic: "MonitoringFailed",
  ReadVerdict: "MonitoringFailed",
  KeepReport: "MonitoringFailed",
  PutMonitorMetrics: "MonitoringFailed",
  AskForRetraining: "MonitoringFailed",
  FindExecutions: "DecisionFailed",
  FindReset: "DecisionFailed",
  ReadLastRevision: "DecisionFailed",
  ReadRevision: "DecisionFailed",
  FindNewData: "DecisionFailed",
  StartRetraining: "DecisionFailed",
  KeepDecision: "RecordFailed",
  TellDecision: "RecordFailed",
  RegisterModel: "RegistrationFailed",
  ReadPackage: "PackageUnusable",
  FindArtifact: "PackageUnusable",
  ReadFile: "PackageUnusable",
  CreateModel: "DeploymentFailed",
  CreateEndpointConfig: "DeploymentFailed",
  FindEndpoint: "DeploymentFailed",
  ReadEndpointTags: "DeploymentFailed",
  DeleteFailedEndpoint: "DeploymentFailed",
  CreateEndpoint: "DeploymentFailed",
  UpdateEndpoint: "DeploymentFailed",
  CheckEndpoint: "DeploymentFailed",
  // A model that cannot be tested does not stay.
  SmokeTest: "RolledBack",
  CheckRollback: "RollbackFailed",
  RestoreEndpoint: "RollbackFailed",
  RemoveEndpoint: "RollbackFailed",
  RegisterScalableTarget: "AutoscalingFailed",
  PutScalingPolicy: "AutoscalingFailed",
  // The new model is in service whatever becomes of the earlier ones.
  FindEndpoints: "warning",
  ReadEndpoint: "warning",
  FindConfigs: "warning",
  ReadConfig: "warning",
  RemoveConfig: "warning",
  RemoveModel: "warning",
};

/** The end of a call of a definition; the monitor and a comparison look for the model in service alike. */
export function expectedEnd(states: ReadonlyMap<string, unknown>, state: string): End | undefined {
  const end = expectedEnds[state];
  return end === "ComparisonFailed" && states.has("JudgeTraffic") ? "MonitoringFailed" : end;
}

/**
 * Ends after a result without anything in it, where that is no failure of the call: nothing is read from it, or what it
 * lacks is what the state looks for.
 */
export const endsOfEmptyResults: Readonly<Record<string, End>> = {
  FindData: "InvalidInput",
  CopyCode: "success",
  KeepReport: "success",
  PutMonitorMetrics: "success",
  KeepDecision: "success",
  TellDecision: "success",
  DeleteFailedEndpoint: "success",
  CreateEndpoint: "success",
  UpdateEndpoint: "success",
  RestoreEndpoint: "RolledBack",
  RemoveEndpoint: "RolledBack",
  RegisterScalableTarget: "success",
  PutScalingPolicy: "success",
  FindEndpoints: "success",
  ReadEndpoint: "success",
  FindConfigs: "success",
  ReadConfig: "success",
  RemoveConfig: "success",
  RemoveModel: "success",
};

/** Most calls that a step may make while an error lasts: of one attempt and its retries. */
export const usualCalls = 7;

/** Most calls of a job that waits for capacity for ten minutes: the first one, and one after each of four waits. */
const mostCapacityCalls = 5;

/** Most calls of jobs while they wait; a throttled call has its retries, too. */
export const mostCallsOfJobs: Partial<Readonly<Record<FaultClass, number>>> = {
  quota: mostCapacityCalls,
  capacity: mostCapacityCalls,
  throttling: 4 * mostCapacityCalls,
};

/**
 * Most calls of states that a release enters again and again: while an endpoint is busy it looks at it, and tries to deploy
 * and to roll back, for up to an hour.
 */
export const mostCalls: Readonly<Record<string, number>> = {
  FindEndpoint: 121,
  ReadEndpointTags: 121,
  DeleteFailedEndpoint: 7 * 121,
  CreateEndpoint: 3 * 121,
  UpdateEndpoint: 3 * 121,
  CheckRollback: 121,
  RestoreEndpoint: 7 * 3,
  RemoveEndpoint: 7 * 3,
  CreateModel: 7 * 4,
  CreateEndpointConfig: 7 * 4,
};
