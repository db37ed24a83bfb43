/** Where the artifact bucket has what. */

/** Prefixes of the artifact bucket. */
export const prefixes = {
  rawData: "raw-data/",
  processedData: "processed-data/",
  /** Output of training jobs. No model is deployed from here. */
  trainingOutput: "training-output/",
  /** Checkpoints of training jobs, a folder for each execution. */
  checkpoints: "checkpoints/",
  /** Models to evaluate, register and deploy. Neither jobs nor endpoints can write them. */
  modelArtifacts: "model-artifacts/",
  code: "code/",
  /** Copies of the code, one per execution. */
  executionCode: "code/executions/",
  /** Records of the cache. No job can write them. */
  cache: "cache/",
  /** Input and output of batch scoring. */
  scoringInput: "scoring-input/",
  scoringOutput: "scoring-output/",
  /** Captured requests and responses of the endpoint. */
  dataCapture: "data-capture/",
  /** Labels of captured requests, written by the system that receives them. */
  labels: "labels/",
  /** Reports of the monitor, a folder for each of its executions. */
  monitorReports: "monitoring/reports/",
  /** The newest report on each endpoint, with which the next run continues. */
  latestReports: "monitoring/latest/",
  /** Decisions on retrainings, a folder for each day. */
  retrainingDecisions: "retraining/decisions/",
  /** Written when retrainings are allowed again. */
  retrainingReset: "retraining/reset.json",
  /** Rewards of an A/B test, written by the system that receives the labels. */
  rewards: "rewards/",
  /** Decisions on A/B tests. */
  experiments: "experiments/",
} as const;

/** Pattern of the keys of models. */
export const modelKeys = `${prefixes.modelArtifacts}*/output/model.tar.gz`;
