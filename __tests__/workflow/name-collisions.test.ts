/** No two workflows give the same name, and no policy of one is about what another makes. */

import { bucketNamePrefix } from "../../workflow/bucket";
import type { PolicyStatement } from "../../workflow/iam";
import { topicName, topicPolicy } from "../../workflow/monitoring/notifications";
import { baseName, checkNameScope, endpointName, freshName, type NameScope } from "../../workflow/names";
import { approvalRule, modelPackageGroup } from "../../workflow/resources";
import { rolesOf } from "../grants";
import { context, evaluate } from "./evaluate";

const prefixes = [
  "a",
  "housing",
  "housingdev",
  "housing2",
  "release",
  "config",
  "housing-dev",
  "a-b",
  "a-b-c",
];
const environments = [
  ...[
    "dev",
    "prod",
    "dev2",
    "b",
    "release",
    "notify",
    "webhook",
    "prep",
    "train",
    "model",
    "config",
    "score",
  ],
  ...["serverless", "compare", "endpoint", "smoke", "alarm"],
];

/** Those that the project takes. */
const scopes: NameScope[] = prefixes
  .flatMap((prefix) => environments.map((environment) => ({ prefix, environment })))
  .filter((scope) => {
    try {
      checkNameScope(scope);
      return true;
    } catch {
      return false;
    }
  });

/** Some of them, for what compares each with all. */
const few = scopes.filter(
  ({ prefix, environment }) =>
    ["a", "housing"].includes(prefix) && ["dev", "prod", "release"].includes(environment),
);

/** What is nobody's own: actions without resources, and what all workflows of an account share. */
const shared = [
  "*",
  "arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-scikit-learn",
  /:log-group:\/aws\/sagemaker\/\*$/,
  /:rule\/StepFunctionsGetEventsForSageMaker\w+JobsRule$/,
  /:scalable-target\/\*$/,
  /:role\/aws-service-role\//,
  /:event-bus\/default$/,
  // Subnets and interfaces are the VPC's; conditions hold each role to its own subnets.
  /:ec2:/,
  // Keys are their owners' own; the fixture has one.
  /:kms:/,
];

const isShared = (arn: string) =>
  shared.some((pattern) => (typeof pattern === "string" ? pattern === arn : pattern.test(arn)));

/** The resources of everything that a workflow of `scope` may do, as patterns. */
function patterns(scope: NameScope): string[] {
  const arns = Object.values(rolesOf(scope)).flatMap(({ policyStatements }) =>
    policyStatements.flatMap(({ resources }: PolicyStatement) => resources),
  );
  const place = { partition: "aws", region: "us-east-1", account: "123456789012" };
  const alarms = topicPolicy(scope, "topic", place).Statement.flatMap(({ Condition }) =>
    Condition.ArnLike === undefined ? [] : [Condition.ArnLike["aws:SourceArn"]],
  );
  return [...new Set([...arns, ...alarms])].filter((arn) => !isShared(arn));
}

function matcher(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`);
}

/** Names that fall under a pattern: its own beginning, and what a person or an execution may add to it. */
const instances = (pattern: string) =>
  ["", "x", "prod", "release", "config-1"].map((given) => pattern.replaceAll("*", given));

describe("workflows of one account", () => {
  it("are many here", () => {
    expect(scopes.length).toBeGreaterThan(50);
    expect(scopes.map(({ prefix }) => prefix)).not.toContain("housing-dev");
  });

  it("begin their names each in its own way", () => {
    const starts = scopes.map(baseName);
    expect(new Set(starts).size).toBe(starts.length);
    for (const start of starts) {
      expect(starts.filter((other) => other.startsWith(`${start}-`))).toEqual([]);
    }
  });

  it("may do nothing to what another one makes", () => {
    const all = few.map((scope) => ({ scope, patterns: patterns(scope) }));
    const made = all.flatMap(({ scope, patterns }) =>
      patterns.flatMap(instances).map((name) => ({ owner: baseName(scope), name })),
    );
    const mistaken = all.flatMap(({ scope, patterns }) => {
      const one = new RegExp(patterns.map((pattern) => matcher(pattern).source).join("|"));
      return made.filter(({ owner, name }) => owner !== baseName(scope) && one.test(name));
    });
    expect(mistaken).toEqual([]);
  });

  it("give no name that another one gives, whatever the input asks for", async () => {
    const given = ["prod", "dev-release", "release", "serverless", "Endpoint_1", "dev prod"];
    const names = new Map<string, string>();
    for (const scope of few) {
      const own = [
        baseName(scope),
        topicName(scope),
        bucketNamePrefix(scope),
        modelPackageGroup(scope).name,
        approvalRule(scope).name,
      ];
      for (const EndpointName of given) {
        const states = { context: context({ Input: { EndpointName, ModelName: EndpointName } }) };
        own.push(
          (await evaluate(endpointName(scope), states)) as string,
          (await evaluate(freshName(scope, "model", "ModelName"), states)) as string,
        );
      }
      for (const name of own) {
        expect([name, names.get(name) ?? baseName(scope)]).toEqual([name, baseName(scope)]);
        names.set(name, baseName(scope));
      }
    }
  });
});
