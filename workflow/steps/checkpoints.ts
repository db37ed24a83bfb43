import { type JsonObject, jsonata } from "../asl/jsonata";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { artifactUrl } from "../step";

/**
 * The instances and checkpoints in the form of SageMaker's requests.
 *
 * @param kind the folder of the checkpoints in the execution's own; SageMaker adds the job's name for a tuning job's
 */
export function spotAndCheckpoints(workflow: Workflow, kind: "training" | "tuning"): JsonObject {
  const { spot, checkpoints } = workflow.settings.training;
  return {
    ...(spot !== undefined && { EnableManagedSpotTraining: true }),
    ...(checkpoints && {
      CheckpointConfig: {
        // Not the job's name: the next attempt has another one.
        S3Uri: artifactUrl(workflow, jsonata`${prefixes.checkpoints} & $executionFolder & ${`/${kind}`}`),
        LocalPath: "/opt/ml/checkpoints",
      },
    }),
  };
}
