import type { RetrainingDecision } from "../../workflow/retraining/retraining";
import type { RetrainInput } from "../../workflow/steps/retrain-input";
import type { Aws } from "../account/clients";
import { listOutcomes } from "../execution/outcomes";
import { type ExecutionSummary, executionText } from "../execution/summaries";

/** A decision on a retraining. */
export interface RetrainingRun extends ExecutionSummary {
  readonly reason?: RetrainInput["Reason"];
  /** Absent while it is being made, and if that failed. */
  readonly decision?: string;
  readonly why?: string;
  /** The command that asks again; absent unless the decision failed. */
  readonly next?: string;
}

const shown = 5;

/** The newest decisions; none where nothing decides on retrainings. */
export async function listDecisions(
  aws: Aws,
  stateMachineArn: string,
  environment: string,
): Promise<RetrainingRun[]> {
  const runs = await listOutcomes(aws, stateMachineArn, environment, shown);
  return runs.map(({ summary, description, next }) => {
    const { Reason } = JSON.parse(description.input ?? "{}") as Partial<RetrainInput>;
    const { Decision, Why } = JSON.parse(description.output ?? "{}") as Partial<RetrainingDecision>;
    return { ...summary, reason: Reason, decision: Decision, why: Why, next };
  });
}

/** A decision with its reason, and with what it says; or with the command that asks again. */
export function decisionLines({ reason, decision, why, next, ...run }: RetrainingRun): string[] {
  const indented = (line: string) => `${" ".repeat(11)}${line}`;
  return [
    `${executionText(run)}${decision === undefined ? "" : `: ${decision}`}`,
    ...(reason === undefined ? [] : [indented(`reason (${reason.Kind}): ${reason.Why}`)]),
    ...(why === undefined ? [] : [indented(why)]),
    ...(next === undefined ? [] : [indented(`to go on: ${next}`)]),
  ];
}
