import { reviewComment, reviewSummary } from "../../../cli/review/comment";
import { inputOf, type PlanFile, type PlannedResource, planFile } from "./plans";

/** The lines of one section of a comment, without their bullets' own indentation. */
function section(comment: string, title: string): string[] {
  const [, after = ""] = comment.split(`### ${title} in \`dev-pipeline\`\n`);
  return (after.split("\n### ")[0] ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

describe("the review of a first deploy", () => {
  const comment = reviewComment(inputOf("first-deploy"));

  it("begins with the mark by which a workflow finds it again", () => {
    expect(comment.split("\n")[0]).toBe("<!-- review:dev -->");
  });

  it("counts the resources, and lists them by their place in the app", () => {
    expect(comment).toContain("## `dev`: 17 to add, 0 to change, 0 to replace, 0 to destroy");
    expect(section(comment, "Changed and added")).toContain("- add `aws_s3_bucket Workflow/Artifacts`");
  });

  it("reads permissions from the stack where the plan does not know them yet", () => {
    const lines = section(comment, "Permissions");
    expect(lines).toContain(
      "- granted: `iam:PassRole` on `<Workflow/SageMakerRole.arn>` if `StringEquals iam:PassedToService = sagemaker.amazonaws.com`",
    );
    expect(lines).toContain("- ⚠ granted (`*`): `ecr:GetAuthorizationToken` on `*`");
    // Of a new role every action is new: only a bare star is marked.
    expect(lines.filter((line) => line.includes("new action"))).toEqual([]);
  });

  it("reads the account from the data source that a token names", () => {
    expect(comment).toContain("arn:aws:sagemaker:us-east-1:123456789012:training-job/housing-dev-train-*");
  });

  it("names the states, and what the workflow will cost", () => {
    expect(section(comment, "State machine")[0]).toMatch(
      /^- `housing-dev`, new, with the states `ReadInput`, /,
    );
    expect(section(comment, "Estimated cost")).toEqual([
      "- per month while idle, with the endpoint in service: nothing → ≈ $40.88",
      "- per run: nothing → ≈ $0.030",
    ]);
  });
});

it("says so when there is no change, though Terraform lists what AWS filled in", () => {
  expect(planFile("no-change").plan.resource_drift).toHaveLength(9);
  expect(reviewComment(inputOf("no-change"))).toBe("<!-- review:dev -->\n## `dev`\n\n- No changes.\n");
});

describe("the review of one line of a script and one hyperparameter", () => {
  const comment = reviewComment(inputOf("script-and-hyperparameter"));

  it("shows the hyperparameter by what changes in a long expression", () => {
    expect(section(comment, "State machine")).toContain(
      '- `Choices[0].Assign.hyperparameters`: `…rge([ {"n-estimators":"100","max-depth":"10","min…` → `…rge([ {"n-estimators":"120","max-depth":"10","min…`',
    );
  });

  it("names the states that run the script, and no others", () => {
    const changed = section(comment, "State machine").filter((line) => line.startsWith("- changed"));
    expect(changed).toEqual([
      "- changed: `CheckInput`",
      "- changed: `PinCode`",
      "- changed: `DataPreprocessing`",
      "- changed: `ModelTraining`",
    ]);
  });

  it("marks the replaced object in its place, and does not warn of it: new code has a new key", () => {
    expect(section(comment, "Destroyed and replaced")[0]).toBe(
      "- ⚠ replace `aws_s3_object Workflow/python-scripts`, because of changes to",
    );
    expect(comment).not.toContain("destroyed and recreated");
  });

  it("shows a permission that moves to the new key, which is not wider", () => {
    const key = (hash: string) =>
      `\`s3:GetObject\` on \`arn:aws:s3:::housing-dev-20261122181935288200000004/code/scripts-${hash}.tar.gz\``;
    expect(section(comment, "Permissions")).toEqual([
      "- role `Workflow/StateMachine/Role`",
      `- granted: ${key("d794d33864c2de46")}`,
      `- withdrawn: ${key("081bc4f728f7c9a8")}`,
    ]);
  });

  it("leaves out what only AWS filled in since the last deploy", () => {
    expect(comment).not.toContain("Changed outside");
  });
});

it("shows a manual change of a role's policy, and what the deploy reverts", () => {
  const comment = reviewComment(inputOf("drifted-role"));
  expect(section(comment, "Changed outside Terraform, reverted by this deploy")).toEqual([
    "- `aws_iam_role_policy Workflow/SageMakerRole/Policy`",
    "- `policy`",
  ]);
  expect(section(comment, "Permissions")).toEqual([
    "- role `Workflow/SageMakerRole`",
    "- withdrawn: `s3:*` on `*`",
  ]);
});

it("names the states that go, and the permission that goes with them", () => {
  const comment = reviewComment(inputOf("step-removed"));
  expect(section(comment, "State machine").slice(0, 4)).toEqual([
    "- `housing-dev`",
    "- removed: `ModelEvaluation`, `EvaluationFailed`, `CheckModelPerformance`, `ModelPerformanceInsufficient`",
    "- changed: `ModelTraining`",
    "- `Next`: `ModelEvaluation` → `CreateModel`",
  ]);
  expect(section(comment, "Permissions")[1]).toMatch(/^- withdrawn: `lambda:InvokeFunction` on/);
});

describe("the review of wider permissions and new sizes", () => {
  const comment = reviewComment(inputOf("wider-permissions"));

  it("warns at the top, and marks each widening with its reason", () => {
    expect(comment).toContain(
      "- ⚠ check the permissions of `Workflow/SageMakerRole`, `Workflow/StateMachine/Role`\n",
    );
    expect(section(comment, "Permissions")).toEqual([
      "- role `Workflow/SageMakerRole`",
      "- ⚠ may now assume it (without the condition): `sagemaker.amazonaws.com`",
      "- may no longer assume it: `sagemaker.amazonaws.com` if `StringEquals aws:SourceAccount = 123456789012`",
      "- role `Workflow/StateMachine/Role`",
      "- ⚠ granted (new action): `s3:DeleteObject` on `arn:aws:s3:::housing-dev-20261122181935288200000004/code/executions/*`",
      "- ⚠ granted (`*`): `lambda:InvokeFunction` on `*`",
      "- withdrawn: `lambda:InvokeFunction` on `arn:aws:lambda:us-east-1:123456789012:function:housing-dev-evaluate-model:*`",
      "- role `Workflow/Evaluation/Role`",
      "- permissions boundary: `arn:aws:iam::123456789012:policy/boundary`",
    ]);
  });

  it("compares a definition that the plan does not know, and names what its states wait for", () => {
    expect(section(comment, "State machine")).toEqual([
      "- `housing-dev`",
      "- changed: `ModelEvaluation`, changes with `Workflow/Evaluation`",
      "- changed: `CreateEndpointConfig`",
      "- `Arguments.ProductionVariants[0].InstanceType`: `ml.t2.medium` → `ml.m5.xlarge`",
    ]);
  });

  it("tells what that costs", () => {
    expect(section(comment, "Estimated cost")).toContain(
      "- per month while idle, with the endpoint in service: ≈ $40.88 → ≈ $167.90",
    );
  });

  it("never prints a sensitive value", () => {
    expect(JSON.stringify(planFile("wider-permissions"))).toContain("not-for-the-comment");
    expect(comment).not.toContain("not-for-the-comment");
    expect(section(comment, "Changed and added")).toContain("- `environment`: `(sensitive)` → `(sensitive)`");
  });

  it("shows short values of what else changes", () => {
    expect(section(comment, "Changed and added")).toContain("- `retention_in_days`: `30` → `90`");
  });
});

it("warns of recreated resources, with the reason; the same access elsewhere is not wider", () => {
  const comment = reviewComment(inputOf("bucket-replaced"));
  expect(comment).toContain("- ⚠ destroyed and recreated: `Workflow/Artifacts`, ");
  expect(section(comment, "Destroyed and replaced")).toContain(
    "- `bucket`: `housing-dev-20261122181935288200000004` → `housing-dev-own-name`",
  );
  expect(section(comment, "Permissions").filter((line) => line.includes("⚠"))).toEqual([]);
});

it("lists what a destroy takes", () => {
  const comment = reviewComment(inputOf("destroy"));
  expect(comment).toContain("17 to destroy");
  expect(section(comment, "Permissions")).toContain(
    "- role `Workflow/SageMakerRole`: destroyed with its permissions",
  );
  // A policy that goes with its bucket opens nothing.
  expect(comment).not.toContain("check the permissions");
});

describe("the cost of a stack with two state machines", () => {
  const machines = (file: PlanFile) =>
    file.plan.resource_changes.filter(({ type }) => type === "aws_sfn_state_machine");

  /** The plan of a change from automatic to manual approval: the states of the endpoint move to the release machine. */
  function planOfManualApproval(): PlanFile {
    const file = planFile("wider-permissions");
    const [machine] = machines(file);
    if (machine === undefined) throw new Error("The fixture has no state machine");
    const definition = String(machine.change.before.definition);
    const { CreateEndpointConfig, ...others } = JSON.parse(definition).States;
    const withStates = (States: unknown) => JSON.stringify({ ...JSON.parse(definition), States });
    const planned = (name: string, before: string, after: string): PlannedResource => ({
      ...machine,
      address: `aws_sfn_state_machine.${name}`,
      change: {
        ...{ actions: ["update"], after_unknown: {}, after_sensitive: {} },
        before: { name, definition: before },
        after: { name, definition: after },
      },
    });
    const release = withStates({ CreateEndpointConfig });
    file.plan.resource_changes = [
      ...file.plan.resource_changes.filter((one) => one !== machine),
      planned("housing-dev", definition, withStates(others)),
      planned("housing-dev-release", release, release),
    ];
    return file;
  }

  it("has its one endpoint once, and approval is no saving", () => {
    const lines = section(reviewComment(inputOf(planOfManualApproval())), "Estimated cost");
    expect(lines[0]).toBe("- per month while idle, with the endpoint in service: ≈ $40.88, unchanged");
    expect(lines.filter((line) => line.includes("per month"))).toHaveLength(1);
  });
});

describe("several stacks", () => {
  const [pipeline] = inputOf("first-deploy").stacks;
  if (pipeline === undefined) throw new Error("The fixture has no stack");
  const waiting = { name: "dev-test-run", after: "dev-pipeline" };

  it("names a stack that can only be planned after another", () => {
    const comment = reviewComment({ ...inputOf("first-deploy"), stacks: [pipeline, waiting] });
    expect(comment).toContain("\n- `dev-test-run`: after `dev-pipeline`\n");
  });

  it("says so, too, when nothing can be planned yet", () => {
    expect(reviewComment({ ...inputOf("first-deploy"), stacks: [waiting] })).toContain(
      "- `dev-test-run`: after `dev-pipeline`",
    );
  });

  it("lists outputs by name", () => {
    const comment = reviewComment(inputOf("test-run-first-deploy", "dev-test-run"));
    expect(comment).toContain(
      "### Outputs in `dev-test-run`\n\n- `bucket_name`, `execution_input`, `state_machine_arn`",
    );
  });
});

it("says the same on a terminal, without Markdown", () => {
  const text = reviewSummary(inputOf("step-removed"));
  expect(text).toContain("dev: 0 to add, 2 to change, 0 to replace, 0 to destroy");
  expect(text).toContain("    - changed: ModelTraining\n      - Next: ModelEvaluation → CreateModel");
  expect(text).not.toMatch(/[`#]/);
});

describe("bad input", () => {
  it("fails for what is no plan, and names the stack", () => {
    const file = { ...planFile("no-change"), plan: { format_version: "0.1", resource_changes: [] } };
    expect(() => reviewComment(inputOf(file))).toThrow(
      /The plan of dev-pipeline must be the output of `terraform show -json`.*must be 1\.x.*format_version/s,
    );
  });

  it("fails for a plan that Terraform could not finish", () => {
    const file = planFile("no-change");
    file.plan.errored = true;
    expect(() => reviewComment(inputOf(file))).toThrow("Terraform did not finish the plan of dev-pipeline");
  });

  it("fails for a stack that is none", () => {
    const file = { ...planFile("no-change"), synthesized: { resource: [] } };
    expect(() => reviewComment(inputOf(file as never))).toThrow(
      "cdk.tf.json of dev-pipeline must be a CDKTF stack",
    );
  });

  it("tells of a definition that it may not or cannot read", () => {
    const sensitive = planFile("step-removed");
    const machine = sensitive.plan.resource_changes.find(({ type }) => type === "aws_sfn_state_machine");
    if (machine === undefined) throw new Error("The fixture has no state machine");
    machine.change.after_sensitive = { definition: true };
    expect(reviewComment(inputOf(sensitive))).toContain("cannot be compared: it is marked as sensitive");
    machine.change.after_sensitive = {};
    machine.change.after.definition = "none";
    expect(reviewComment(inputOf(sensitive))).toContain(
      "cannot be compared: it is not JSON before the deploy",
    );
  });
});
