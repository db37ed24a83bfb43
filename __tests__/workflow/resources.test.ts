import { workflowProps } from "../../configuration";
import { codeKey } from "../../workflow/bucket";
import { evaluationFunction } from "../../workflow/functions";
import { allow, trustPolicy } from "../../workflow/iam";
import { imageRepositoryArn } from "../../workflow/image";
import { workflowSettings } from "../../workflow/props";
import { releaseStateMachine, resourceTags, workflowStateMachine } from "../../workflow/resources";
import {
  approvalRole,
  experimentScheduleRole,
  type RoleDescription,
  sageMakerRoles,
  scheduleRole,
} from "../../workflow/roles";
import { references, workflow } from "../fixtures";

const { settings } = workflow();

describe("allow", () => {
  it("fails on a bare * without a reason", () => {
    expect(() => allow(["s3:GetObject"], ["*"])).toThrow('allow(s3:GetObject) on "*" needs a reason');
  });
});

describe("trustPolicy", () => {
  it("lets a service act for this account only, where it says for which account it acts", () => {
    const account = { StringEquals: { "aws:SourceAccount": "123456789012" } };
    const condition = (role: RoleDescription) =>
      trustPolicy(role, "123456789012").Statement.map(({ Condition }) => Condition)[0];
    const place = "us-east-1:123456789012";
    const scope = { prefix: "housing", environment: "dev" };
    for (const [role, sourceArn] of [
      [workflowStateMachine(workflow()).role, `arn:aws:states:${place}:stateMachine:housing-dev`],
      [releaseStateMachine(workflow()).role, `arn:aws:states:${place}:stateMachine:housing-dev-release`],
      [scheduleRole(scope, references, "arn"), `arn:aws:scheduler:${place}:schedule-group/default`],
      [approvalRole(scope, references, "arn"), `arn:aws:events:${place}:rule/housing-dev-approved`],
      [
        experimentScheduleRole(scope, references),
        `arn:aws:scheduler:${place}:schedule-group/housing-dev-experiments`,
      ],
    ] as const) {
      expect(condition(role)).toEqual({ ...account, ArnEquals: { "aws:SourceArn": sourceArn } });
    }
    for (const role of Object.values(sageMakerRoles(settings, references))) {
      if (role !== undefined) expect(condition(role)).toEqual(account);
    }
    expect(condition(evaluationFunction(settings, references).role)).toBeUndefined();
  });
});

describe("the state machine's text", () => {
  it("is the same for the same input", () => {
    expect(workflowStateMachine(workflow()).definition).toBe(workflowStateMachine(workflow()).definition);
  });
});

describe("small things", () => {
  it("makes code keys from the folder's last name and the hash", () => {
    expect(codeKey("python/scripts/", "abc")).toBe("code/scripts-abc.tar.gz");
  });

  it("tags by workflow and environment", () => {
    expect(resourceTags(settings)).toEqual({ workflow: "housing-dev", environment: "dev" });
  });

  it("adds the tags of the configuration, which cannot take the place of its own", () => {
    const tags = { team: "ml", workflow: "mine" };
    expect(resourceTags({ ...settings, tags })).toEqual({
      team: "ml",
      workflow: "housing-dev",
      environment: "dev",
    });
  });

  it("finds an image's repository, and fails for an address that is none of ECR", () => {
    expect(imageRepositoryArn(references.imageUri, "aws")).toBe(references.imageRepositoryArn);
    expect(() => imageRepositoryArn("docker.io/me/image:1", "aws")).toThrow('got "docker.io/me/image:1"');
  });
});

describe("workflowSettings", () => {
  const settle = (props: object) => () =>
    workflowSettings({ ...workflowProps("dev"), ...props }, () => "code/x.tar.gz");

  it.each([
    [
      { gate: { metric: "test_r2", threshold: Number.NaN } },
      "gate.threshold must be a finite number, got NaN",
    ],
    [
      { gate: { metric: "test_rmse", threshold: 0.6 } },
      "gate.better must be set, because the name of test_rmse says that it is an error",
    ],
    [{ data: { prefix: "raw" } }, 'data.prefix must end with / and not start with it, got "raw"'],
    [{ data: { prefix: "/raw/" } }, "data.prefix must end with /"],
    [{ timeoutSeconds: 0 }, "timeoutSeconds must be a whole number of 1 or more, got 0"],
    [
      { processing: { folder: "f", entryPoint: "e.py", instanceCount: 0.5 } },
      "processing.instanceCount must be a whole number of 1 or more, got 0.5",
    ],
    [
      { training: { folder: "f", entryPoint: "e.py", hyperparameters: { sagemaker_program: "x" } } },
      "training.hyperparameters must not contain sagemaker_program",
    ],
  ])("fails for %j", (props, message) => {
    expect(settle(props)).toThrow(message);
  });
});
