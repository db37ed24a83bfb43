import type { DecisionName, RetrainingDecision } from "../../workflow/retraining/retraining";

/** A decision with the next command. */
export function decisionText(
  environment: string,
  { Decision, Why, ExecutionArn }: RetrainingDecision,
): string {
  const follow = `npm run execute -- ${environment} --attach ${ExecutionArn?.split(":").at(-1)}`;
  const status = `npm run status -- ${environment}`;
  const force = `npm run retrain -- ${environment} --why "..." --force`;
  const next: Record<DecisionName, string> = {
    Started: follow,
    FirstComes: follow,
    Running: status,
    CircuitOpen: status,
    CoolDown: force,
    DayLimit: force,
    NothingChanged: force,
  };
  return [
    `  ${"decision".padEnd(10)}${Decision}`,
    `  ${"why".padEnd(10)}${Why}`,
    `  ${"next".padEnd(10)}${next[Decision]}`,
  ].join("\n");
}
