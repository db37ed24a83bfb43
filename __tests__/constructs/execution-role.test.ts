import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Testing } from "cdktf";
import { ExecutionRole } from "../../constructs/execution-role";
import { allow } from "../../workflow/iam";
import "./matchers";

const synth = (namePrefix: string) =>
  Testing.synthScope(
    (scope) =>
      new ExecutionRole(scope, "Role", {
        role: {
          namePrefix,
          description: "What it may do",
          service: "states.amazonaws.com",
          policyStatements: [allow(["s3:GetObject"], ["arn:aws:s3:::b/*"])],
        },
        account: "123456789012",
      }),
  );

describe("ExecutionRole", () => {
  it("is assumed by its service for this account, and may do what its statements say", () => {
    const synthesized = synth("housing-dev-states-");
    expect(synthesized).toHaveResourceWithProperties(IamRole, {
      name_prefix: "housing-dev-states-",
      description: "What it may do",
      assume_role_policy: expect.stringMatching(
        /"Service":"states.amazonaws.com".*"aws:SourceAccount":"123456789012"/,
      ),
    });
    expect(synthesized).toHaveResourceWithProperties(IamRolePolicy, {
      policy:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}]}',
    });
  });

  it("fails when its name leaves no room for a unique ending", () => {
    expect(() => synth("a".repeat(39))).toThrow("namePrefix must have at most 38 characters");
  });
});
