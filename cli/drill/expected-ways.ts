/** How a user goes on after a named failure, once its cause is removed: a redrive would only enter the Fail state again. */

import type { StageName } from "../../workflow/stages";

/**
 * A new execution, one that starts at a stage with the results of the failed one, another release of the version, another run
 * of the monitor, or another decision on a retraining.
 */
export type Way = "new" | StageName | "release" | "monitor" | "retrain";

/** The way on by state. A state that is new here has none: decide from where its users go on, and add it. */
export const expectedWays: Readonly<Record<string, Way>> = {
  FindData: "new",
  CopyCode: "new",
  DataPreprocessing: "new",
  ModelTraining: "ModelTraining",
  ModelTuning: "ModelTraining",
  ReadBestTraining: "ModelTraining",
  KeepModel: "ModelEvaluation",
  FindChampion: "ModelEvaluation",
  ReadChampionConfig: "ModelEvaluation",
  ReadChampionModel: "ModelEvaluation",
  ReadChampionPackage: "ModelEvaluation",
  ModelComparison: "ModelEvaluation",
  ModelEvaluation: "ModelEvaluation",
  RegisterModel: "ModelEvaluation",
  ReadPackage: "ModelEvaluation",
  FindArtifact: "ModelEvaluation",
  ReadFile: "ModelEvaluation",
  CreateModel: "ModelEvaluation",
  CreateEndpointConfig: "ModelEvaluation",
  FindEndpoint: "ModelEvaluation",
  ReadEndpointTags: "ModelEvaluation",
  DeleteFailedEndpoint: "ModelEvaluation",
  CreateEndpoint: "ModelEvaluation",
  UpdateEndpoint: "ModelEvaluation",
  CheckEndpoint: "ModelEvaluation",
  SmokeTest: "ModelEvaluation",
  CheckRollback: "ModelEvaluation",
  RestoreEndpoint: "ModelEvaluation",
  RemoveEndpoint: "ModelEvaluation",
  RegisterScalableTarget: "ModelEvaluation",
  PutScalingPolicy: "ModelEvaluation",
};

/** The way on after a failure of a state in a definition; undefined if nobody has decided it. */
export function expectedWay(states: ReadonlyMap<string, unknown>, state: string): Way | undefined {
  if (states.has("JudgeTraffic")) return "monitor";
  if (states.has("RetrainingDecided")) return "retrain";
  const isRelease = states.has("ReadPackage") && !states.has("RegisterModel");
  return isRelease ? "release" : expectedWays[state];
}
