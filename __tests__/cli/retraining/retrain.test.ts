import { nextCommand } from "../../../cli/execution/next-command";
import { retrain } from "../../../cli/retraining/retrain";
import { decisionText } from "../../../cli/retraining/text";
import { type DecisionName, decisions } from "../../../workflow/retraining/retraining";

const options = { force: false, reset: false, json: false, timeout: 1 };

it.each([
  [options, '--why must say why, such as npm run retrain -- dev --why "'],
  [{ ...options, reset: true, force: true }, "--force is for a retraining: say --why, or leave it out"],
  [{ ...options, why: "new data" }, "Nothing decides on retrainings in environment dev: set retraining: {}"],
])("%j is refused before anything is asked", async (given, message) => {
  await expect(retrain("dev", given)).rejects.toThrow(message);
});

it.each(Object.keys(decisions) as DecisionName[])(
  "%s comes with its reason and a next command",
  (Decision) => {
    const text = decisionText("dev", {
      Decision,
      Why: "because",
      ExecutionArn: "arn:aws:states:us-east-1:123456789012:execution:housing-dev:retrain-first",
      Reason: { Kind: "manual", Why: "x" },
      Workflow: "housing-dev",
      DecidedBy: "run-1",
    });
    expect(text).toMatch(
      new RegExp(`^  decision  ${Decision}\n  why       because\n  next      npm run .* dev`),
    );
    expect(text.includes("--attach retrain-first")).toBe(["Started", "FirstComes"].includes(Decision));
    expect(text.includes("--force")).toBe(["CoolDown", "DayLimit", "NothingChanged"].includes(Decision));
  },
);

it("a decision that failed is asked for again, in a text that no shell reads", () => {
  const input = JSON.stringify({ Reason: { Kind: "drift", Why: 'a "b" $(c) `d`' } });
  const executionArn = "arn:aws:states:us-east-1:123456789012:execution:housing-dev-retrain:one";
  const failed = { executionArn, name: "one", status: "FAILED", error: "DecisionFailed", input } as const;
  expect(nextCommand("dev", failed, {})).toBe("npm run retrain -- dev --why \"a 'b' '(c) 'd'\"");
});
