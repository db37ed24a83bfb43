import { permissionChanges, permissionsIn } from "../../../cli/review/permissions";

const policy = (...statements: object[]) => ({ Version: "2012-10-17", Statement: statements });
const allow = (Action: unknown, Resource: unknown, more: object = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});

const changes = (before: object, after: object, isNew = false) =>
  permissionChanges(permissionsIn(before), permissionsIn(after), isNew);
const marks = (before: object, after: object) => changes(before, after).granted.map(({ wider }) => wider);

describe("permissionsIn", () => {
  it("reads one text as a list of one, and each pair once", () => {
    expect(permissionsIn(policy(allow("s3:GetObject", "a"), allow(["s3:GetObject"], ["a"])))).toEqual([
      { effect: "Allow", action: "s3:GetObject", resource: "a" },
    ]);
  });

  it("keeps what is excepted as one", () => {
    const [permission] = permissionsIn(
      policy({ Effect: "Deny", NotAction: ["iam:*", "sts:*"], NotResource: "a", NotPrincipal: { AWS: "b" } }),
    );
    expect(permission).toEqual({
      effect: "Deny",
      action: "all but iam:*, sts:*",
      resource: "all but a",
      principal: "all but b",
    });
  });

  it("finds nothing where there is no policy", () => {
    expect(permissionsIn(undefined)).toEqual([]);
  });
});

describe("permissionChanges", () => {
  it("puts actions with the same resources together, and resources with the same actions", () => {
    const { granted } = changes(policy(), policy(allow(["s3:GetObject", "s3:PutObject"], ["a", "b"])), true);
    expect(granted).toEqual([
      expect.objectContaining({
        actions: ["s3:GetObject", "s3:PutObject"],
        resources: ["a", "b"],
        wider: [],
      }),
    ]);
  });

  it("does not depend on how statements are cut or sorted", () => {
    const before = policy(allow(["a:Get", "a:Put"], ["x", "y"]));
    const after = policy(allow("a:Put", ["y", "x"]), allow("a:Get", "y"), allow("a:Get", "x"));
    expect(changes(before, after)).toEqual({ granted: [], withdrawn: [] });
  });

  const condition = { Condition: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } } };
  const principal = (Service: string) => ({
    Effect: "Allow",
    Action: "sts:AssumeRole",
    Principal: { Service },
  });

  it.each([
    ["a new action", [allow("a:Get", "x")], [allow("a:Get", "x"), allow("a:Put", "x")], [["new action"]]],
    ["a star for a resource", [allow("a:Get", "x")], [allow("a:Get", "*")], [["*"]]],
    ["a star for an action", [allow("a:Get", "x")], [allow("a:*", "x")], [["*", "new action"]]],
    ["a pattern that takes in more", [allow("a:Get", "x/y")], [allow("a:Get", "x/*")], [["wider resource"]]],
    ["one more resource", [allow("a:Get", "x")], [allow("a:Get", ["x", "y"])], [["one more resource"]]],
    ["a resource in place of another", [allow("a:Get", "x/*")], [allow("a:Get", "y/*")], [[]]],
    ["a narrower resource", [allow("a:Get", "x/*")], [allow("a:Get", "x/y")], [[]]],
    [
      "a lost condition",
      [allow("iam:PassRole", "r", condition)],
      [allow("iam:PassRole", "r")],
      [["without the condition"]],
    ],
    ["another principal", [principal("a")], [principal("a"), principal("b")], [["new principal"]]],
    [
      "a key's own policy",
      [],
      [allow("kms:Decrypt", "*", { Principal: { Service: "a" } })],
      [["new action", "new principal"]],
    ],
    ["a denial", [], [{ Effect: "Deny", Action: "*", Resource: "*" }], [[]]],
  ])("marks %s as what it is", (_, before, after, expected) => {
    expect(marks(policy(...before), policy(...after))).toEqual(expected);
  });

  it("marks a denial that goes", () => {
    const before = policy({ Effect: "Deny", Action: "s3:*", Resource: "b", Principal: "*" });
    expect(changes(before, policy()).withdrawn).toEqual([
      expect.objectContaining({ effect: "Deny", wider: ["no longer denied"] }),
    ]);
  });

  it("takes an unknown value for what it was, if it may be that", () => {
    const before = policy(allow("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:1:function:f:3"));
    const unknown = (end: string) => policy(allow("lambda:InvokeFunction", `\u0000Function.arn\u0000${end}`));
    expect(changes(before, unknown(":3"))).toEqual({ granted: [], withdrawn: [] });
    expect(changes(before, unknown(":4")).granted).toHaveLength(1);
  });
});
