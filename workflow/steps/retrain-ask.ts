import { stateMachineArns } from "../arns";
import { jsonata } from "../asl/jsonata";
import { catchAll } from "../failures";
import { allow } from "../iam";
import { longestWhy, monitoredKinds } from "../retraining/retraining";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";

/** The verdict of the monitor asks for a retraining, as far as it may; undefined if none may. */
export function askForRetrainingStep(workflow: Workflow, next: string): Step | undefined {
  const { settings, references } = workflow;
  const on = monitoredKinds.filter((kind) => settings.retraining?.on.includes(kind));
  if (on.length === 0) return undefined;
  const machine = stateMachineArns(settings, references).retrain;
  return {
    states: {
      VerdictAsks: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata`$exists(${asked(on)})`,
            Assign: {
              reason: jsonata`{
                "Kind": ${asked(on)},
                "Why": $substring($append($verdict.Reasons, "the verdict is " & $verdict.Verdict)[0], 0, ${longestWhy})
              }`,
            },
            Next: "AskForRetraining",
          },
        ],
        Default: next,
      },
      AskForRetraining: sdkTask(workflow, "sfn", "startExecution", {
        Arguments: {
          StateMachineArn: machine,
          // The same in a retry, so that it asks once.
          Name: jsonata`$substring("monitor-" & $states.context.Execution.Name, 0, 80)`,
          Input: jsonata`$string({"Reason": $reason})`,
        },
        Assign: {
          askedExecutionArn: jsonata`$exists($states.result.ExecutionArn) ? $states.result.ExecutionArn
            : $error("The execution that was started has no ARN")`,
        },
        Catch: [catchAll("AskForRetraining", "MonitoringFailed")],
        Next: next,
      }),
    },
    policyStatements: [allow(["states:StartExecution"], [machine])],
  };
}

/** JSONata: the kind of reason that the verdict is; it names one alarm only, but all features that have drifted. */
function asked(on: readonly string[]) {
  return jsonata`[
    $verdict.Verdict = "quality" ? "quality",
    $verdict.Verdict in ["drift", "slow-drift"] or $count($verdict.Features) > 0 ? "drift"
  ][$ in ${on}][0]`;
}
