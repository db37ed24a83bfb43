import { jsonata } from "../asl";
import type { Step } from "../step";

/** Ends the workflow with its report: the execution's output. */
export function reportStep(): Step {
  return {
    states: {
      MLPipelineComplete: {
        Type: "Succeed",
        Output: {
          Metrics: jsonata("$evaluation.Metrics"),
          Gate: {
            Metric: jsonata("$evaluation.Metric"),
            Value: jsonata("$evaluation.Value"),
            Threshold: jsonata("$threshold"),
          },
          ProcessingJobName: jsonata("$processingJobName"),
          TrainingJobName: jsonata("$trainingJobName"),
          ModelName: jsonata("$modelName"),
          EndpointConfigName: jsonata("$endpointConfigName"),
          EndpointName: jsonata("$endpointName"),
          Superseded: jsonata("$superseded"),
          ProcessedDataUrl: jsonata("$processedDataUrl"),
          ModelDataUrl: jsonata("$modelDataUrl"),
          EvaluationUrl: jsonata("$evaluation.EvaluationUrl"),
          IgnoredInput: jsonata("$ignoredInput"),
        },
      },
    },
    policyStatements: [],
  };
}

/** The output of a succeeded execution. */
export interface ExecutionReport {
  /** Everything in evaluation.json. */
  readonly Metrics: Readonly<Record<string, number>>;
  readonly Gate: { readonly Metric: string; readonly Value: number; readonly Threshold: number };
  readonly ProcessingJobName: string;
  readonly TrainingJobName: string;
  readonly ModelName: string;
  readonly EndpointConfigName: string;
  readonly EndpointName: string;
  /** True where another execution had updated the endpoint before this one saw its own model in service. */
  readonly Superseded: boolean;
  readonly ProcessedDataUrl: string;
  readonly ModelDataUrl: string;
  readonly EvaluationUrl: string;
  /** Keys of the input that have no effect. */
  readonly IgnoredInput: readonly string[];
}
