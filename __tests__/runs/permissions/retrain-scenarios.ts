/** Decisions on retrainings. */

import { startExecution, watchExecution } from "../../../cli/execution/execution";
import type { RetrainingDecision } from "../../../workflow/retraining/retraining";
import type { Grant, RoleName } from "../../grants";
import type { Lane, Scenario } from "./lane";

const options = { timeoutSeconds: 600, pollMilliseconds: 200 };

let asked = 0;

/** Asks for a retraining; waits until what it starts has ended, too. */
async function ask({ cloud, workflow }: Lane, more: { Force?: boolean } = {}) {
  const sfn = cloud.aws.sfn();
  const input = { Reason: { Kind: "manual", Why: "permissions" } as const, ...more };
  const name = `ask-${++asked}-${Date.now()}`;
  const arn = await startExecution(sfn, `${workflow.stateMachineArn}-retrain`, name, input);
  const { description } = await watchExecution(sfn, arn, options);
  const { status, output = "{}", error, cause } = description;
  if (status !== "SUCCEEDED") return { said: `${error}: ${cause}` };
  const { Decision, ExecutionArn } = JSON.parse(output) as RetrainingDecision;
  if (Decision === "Started" && ExecutionArn !== undefined) await watchExecution(sfn, ExecutionArn, options);
  return { said: "", decision: Decision };
}

/** Every look that a decision may need, after a retraining that has succeeded. */
export const findsNoChange: Scenario = {
  before: async (lane) => {
    if ((await ask(lane)).decision !== "NothingChanged") {
      expect(await ask(lane)).toMatchObject({ decision: "NothingChanged" });
    }
  },
  run: async (lane) => (await ask(lane)).said,
};

const starts: Scenario = { run: async (lane) => (await ask(lane, { Force: true })).said };

/** The decision that needs a permission of its role; undefined for other roles. */
export function retrainScenario(role: RoleName, { action }: Grant): Scenario | undefined {
  if (role !== "retrain") return undefined;
  return action === "states:StartExecution" ? starts : findsNoChange;
}
