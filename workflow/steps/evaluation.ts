import { arn, integration } from "../arns";
import { jsonata } from "../asl/jsonata";
import { lambdaRetry } from "../asl/retries";
import type { TaskState } from "../asl/states";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { evaluationFunctionName } from "../names";
import type { Workflow } from "../settings";
import type { Step } from "../step";

/** Reads the model's metrics with the evaluation function, and continues only if the model passes the gate. */
export function evaluationStep(workflow: Workflow, next: string): Step {
  return {
    states: {
      ModelEvaluation: modelEvaluation(workflow),
      EvaluationFailed: failState("EvaluationFailed", jsonata`$merge([$failure, {"job": $trainingJobName}])`),
      CheckModelPerformance: {
        Type: "Choice",
        Choices: [{ Condition: jsonata`$evaluation.Passed = true`, Next: next }],
        Default: "ModelPerformanceInsufficient",
      },
      ModelPerformanceInsufficient: failState(
        "ModelPerformanceInsufficient",
        jsonata`{
          "state": "CheckModelPerformance",
          "job": $trainingJobName,
          "reason": $evaluation.Reason,
          "metrics": $evaluation.Metrics
        }`,
      ),
    },
    policyStatements: [
      // All versions, because an execution invokes the one that was deployed when it started.
      allow(
        ["lambda:InvokeFunction"],
        [arn(workflow.references, "lambda", `function:${evaluationFunctionName(workflow.settings)}:*`)],
      ),
    ],
  };
}

function modelEvaluation({ settings, references }: Workflow): TaskState {
  const { gate, comparison } = settings;
  return {
    Type: "Task",
    Resource: integration(references, "lambda:invoke"),
    Arguments: {
      FunctionName: references.evaluationFunctionVersionArn,
      Payload: {
        TrainingJobName: jsonata`$trainingJobName`,
        S3Bucket: references.bucketName,
        ModelDataUrl: jsonata`$modelDataUrl`,
        OutputUrl: jsonata`$substringBefore($trainedModelUrl, "model.tar.gz") & "output.tar.gz"`,
        Metric: gate.metric,
        Threshold: jsonata`$threshold`,
        Better: gate.better,
        ...(comparison !== undefined && { ComparisonUrl: jsonata`$comparisonUrl`, Margin: gate.margin }),
      },
    },
    Assign: { evaluation: jsonata`$states.result.Payload` },
    TimeoutSeconds: 300,
    Retry: lambdaRetry,
    Catch: [catchAll("ModelEvaluation", "EvaluationFailed")],
    Next: "CheckModelPerformance",
  };
}
