import { arn, integration } from "../arns";
import { lambdaRetry } from "../asl/retries";
import { jsonata } from "../asl/states";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { evaluationFunctionName } from "../names";
import type { Workflow } from "../settings";
import type { Step } from "../step";

/** Reads the model's metrics with the evaluation function, and lets only a model that passes the gate go on. */
export function evaluationStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  return {
    states: {
      ModelEvaluation: {
        Type: "Task",
        Resource: integration(workflow.references, "lambda:invoke"),
        Arguments: {
          FunctionName: references.evaluationFunctionVersionArn,
          Payload: {
            TrainingJobName: jsonata("$trainingJobName"),
            S3Bucket: references.bucketName,
            ModelDataUrl: jsonata("$modelDataUrl"),
            OutputUrl: jsonata('$substringBefore($trainedModelUrl, "model.tar.gz") & "output.tar.gz"'),
            Metric: settings.gate.metric,
            Threshold: jsonata("$threshold"),
            Better: settings.gate.better,
            ...(settings.comparison !== undefined && {
              ComparisonUrl: jsonata("$comparisonUrl"),
              Margin: settings.gate.margin,
            }),
          },
        },
        Assign: { evaluation: jsonata("$states.result.Payload") },
        TimeoutSeconds: 300,
        Retry: lambdaRetry,
        Catch: [catchAll("ModelEvaluation", "EvaluationFailed")],
        Next: "CheckModelPerformance",
      },
      EvaluationFailed: failState("EvaluationFailed", '$merge([$failure, {"job": $trainingJobName}])'),
      CheckModelPerformance: {
        Type: "Choice",
        Choices: [{ Condition: jsonata("$evaluation.Passed = true"), Next: next }],
        Default: "ModelPerformanceInsufficient",
      },
      ModelPerformanceInsufficient: failState(
        "ModelPerformanceInsufficient",
        `{
          "state": "CheckModelPerformance",
          "job": $trainingJobName,
          "reason": $evaluation.Reason,
          "metrics": $evaluation.Metrics
        }`,
      ),
    },
    policyStatements: [
      // Every version: an execution invokes the one that was deployed when it started.
      allow(
        ["lambda:InvokeFunction"],
        [arn(workflow.references, "lambda", `function:${evaluationFunctionName(settings)}:*`)],
      ),
    ],
  };
}
