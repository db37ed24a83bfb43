import { arn, integration, objectArn } from "../arns";
import { jsonata } from "../asl/jsonata";
import { eventsRetry } from "../asl/retries";
import { catchAll, failState } from "../failures";
import { allow, allowKey } from "../iam";
import { prefixes } from "../prefixes";
import { retrainingEvent } from "../retraining/retraining";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { decisionOf } from "./retrain-decision";

/** Keeps the decision, tells of it, and ends with it. */
export function retrainRecordStep(workflow: Workflow): Step {
  const { references } = workflow;
  const { bucketName } = references;
  return {
    states: {
      KeepDecision: sdkTask(workflow, "s3", "putObject", {
        Arguments: {
          Bucket: bucketName,
          Key: jsonata`${prefixes.retrainingDecisions} & $substring($states.context.Execution.StartTime, 0, 10) & "/"
            & $states.context.Execution.Name & ".json"`,
          Body: jsonata`$string(${decisionOf(workflow)})`,
          ContentType: "application/json",
        },
        Catch: [catchAll("KeepDecision", "RecordFailed")],
        Next: "TellDecision",
      }),
      TellDecision: {
        Type: "Task",
        Resource: integration(references, "events:putEvents"),
        Arguments: {
          Entries: [
            {
              Source: retrainingEvent.source,
              DetailType: retrainingEvent.detailType,
              Detail: decisionOf(workflow),
            },
          ],
        },
        TimeoutSeconds: 60,
        Retry: eventsRetry,
        Catch: [catchAll("TellDecision", "RecordFailed")],
        Next: "RetrainingDecided",
      },
      RetrainingDecided: { Type: "Succeed", Output: decisionOf(workflow) },
      RecordFailed: failState(
        "RecordFailed",
        jsonata`$merge([$failure, {"decision": $outcome.Decision & ": " & $outcome.Why}])`,
      ),
    },
    policyStatements: [
      allow(["s3:PutObject"], [objectArn(references, bucketName, `${prefixes.retrainingDecisions}*`)]),
      ...allowKey(references.kmsKeyArn, ["kms:GenerateDataKey"]),
      allow(["events:PutEvents"], [arn(references, "events", "event-bus/default")], {
        conditions: { StringEquals: { "events:source": retrainingEvent.source } },
      }),
    ],
  };
}
