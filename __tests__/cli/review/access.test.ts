import { accessChanges } from "../../../cli/review/roles";
import { Tokens } from "../../../cli/review/tokens";
import { parsePlan, parseSynthesized } from "../../../cli/terraform/plan-json";

type Values = Record<string, unknown> | null;

function access(changes: { address: string; before: Values; after: Values }[], resource = {}) {
  const plan = parsePlan("dev", {
    format_version: "1.2",
    resource_changes: changes.map(({ address, before, after }) => {
      const [type, name] = address.split(".");
      const action = before === null ? "create" : after === null ? "delete" : "update";
      return { address, type, name, mode: "managed", change: { actions: [action], before, after } };
    }),
  });
  const stack = parseSynthesized("dev", { resource });
  return accessChanges(plan, stack, new Tokens(plan, stack));
}

const role = { name: "r", assume_role_policy: "{}" };
const denial = JSON.stringify({
  Statement: { Effect: "Deny", Action: "s3:*", Resource: "b", Principal: "*" },
});

it("finds the role of a policy by its name where the stack no longer tells", () => {
  const policy = JSON.stringify({ Statement: { Effect: "Allow", Action: "a:Get", Resource: "x" } });
  const [change] = access([
    { address: "aws_iam_role.Job_12345678", before: role, after: role },
    { address: "aws_iam_role_policy.P", before: { role: "r", policy }, after: null },
  ]);
  expect(change).toMatchObject({ name: "Job", permissions: { withdrawn: [{ actions: ["a:Get"] }] } });
});

it("marks a permissions boundary that goes, not one that comes", () => {
  const bounded = { ...role, permissions_boundary: "arn:aws:iam::1:policy/b" };
  const address = "aws_iam_role.R";
  expect(access([{ address, before: bounded, after: role }])).toMatchObject([
    { wider: true, boundary: { before: "arn:aws:iam::1:policy/b" } },
  ]);
  expect(access([{ address, before: role, after: bounded }])).toMatchObject([{ wider: false }]);
});

it("marks a managed policy that is attached", () => {
  const after = { role: "r", policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" };
  expect(access([{ address: "aws_iam_role_policy_attachment.A", before: null, after }])).toMatchObject([
    { name: "r", wider: true, attached: [after.policy_arn] },
  ]);
});

it("marks a bucket's denial that goes, unless the bucket goes with it", () => {
  const policy = {
    address: "aws_s3_bucket_policy.P",
    before: { id: "b", bucket: "b", policy: denial },
    after: null,
  };
  expect(access([policy])).toMatchObject([{ kind: "policy of a resource", wider: true }]);
  expect(access([policy, { address: "aws_s3_bucket.B", before: { id: "b" }, after: null }])).toEqual([]);
});

it("sees the policy of a key", () => {
  const open = JSON.stringify({
    Statement: { Effect: "Allow", Action: "kms:*", Resource: "*", Principal: "*" },
  });
  expect(
    access([{ address: "aws_kms_key.K", before: { policy: "{}" }, after: { policy: open } }]),
  ).toMatchObject([
    { name: "K", permissions: { granted: [{ wider: ["*", "new action", "new principal"] }] } },
  ]);
});

it("leaves out roles that stay as they are", () => {
  expect(access([{ address: "aws_iam_role.R", before: role, after: { ...role, description: "x" } }])).toEqual(
    [],
  );
});
