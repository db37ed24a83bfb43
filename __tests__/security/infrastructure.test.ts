import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { synthesizeInto } from "../../cli/terraform/synthesize";
import { environments as configured } from "../../configuration";
import { parseEnvironments } from "../../configuration/define";
import { stackNames } from "../../configuration/names";
import { accepted } from "./accepted";
import { type AcceptedFinding, type Finding, judge } from "./findings";
import { policiesIn, type SynthesizedResource, stackResources, synthesizeEnvironment } from "./synthesized";
import { type CheckovReport, lintPolicies, type SecurityTools, scan, securityTools } from "./tools";

/** Building the environment takes most of it, once. */
const folder = mkdtempSync(join(tmpdir(), "security-"));
const weakened = "weakened";

let tools: SecurityTools;
let stacks: string;
let report: CheckovReport;

/** Everything that an environment may ask for, which those of config.ts may leave out. */
const strict = parseEnvironments({
  strict: {
    region: "eu-west-1",
    account: "123456789012",
    kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    retention: { logsInDays: 365 },
    endpoint: { kind: "instance", capture: { percentage: 100 } },
    monitor: { schedule: { expression: "rate(1 day)" } },
    retraining: { schedule: { expression: "rate(7 days)" }, on: ["drift", "quality"] },
    experiments: true,
    notifications: {
      emails: ["team@example.com"],
      webhook: { format: "slack", parameter: "/strict/webhook" },
    },
    vpc: { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"] },
    permissionsBoundaryArn: "arn:aws:iam::123456789012:policy/boundary",
    tags: { "cost-center": "ml" },
  },
});
const environments = { ...configured, ...strict };

const stackEnvironments = new Map<string, string>(
  Object.keys(environments).flatMap((name) => Object.values(stackNames(name)).map((stack) => [stack, name])),
);

/** Copies a stack and undoes what protects it. */
function weaken(): void {
  const [environment = ""] = Object.keys(environments);
  const file = join(stacks, weakened, "cdk.tf.json");
  cpSync(join(stacks, stackNames(environment).pipeline), join(stacks, weakened), { recursive: true });
  const text = readFileSync(file, "utf8")
    .replace(/"block_public_acls": true/, '"block_public_acls": false')
    .replace(/"status": "Enabled"(?=\s*\}\s*\}\s*\})/, '"status": "Suspended"')
    .replace(
      /"policy": ".*s3:GetObject.*"/,
      '"policy": "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"*\\",\\"Resource\\":\\"*\\"}]}"',
    );
  writeFileSync(file, text);
}

beforeAll(async () => {
  [tools, stacks] = await Promise.all([securityTools(), synthesizeInto(folder)]);
  for (const [name, environment] of Object.entries(strict)) synthesizeEnvironment(folder, name, environment);
  weaken();
  report = await scan(tools, stacks);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stackOf({ file_path }: { file_path: string }): string {
  return file_path.split("/")[1] ?? "";
}

function scanned(resources: readonly SynthesizedResource[]): Finding[] {
  const paths = new Map(resources.map(({ stack, id, path }) => [`${stack}.${id}`, path]));
  return report.failed_checks
    .filter((check) => stackOf(check) !== weakened)
    .map((check) => {
      const stack = stackOf(check);
      const id = check.resource.replace(/^.*\./, "");
      return {
        environment: stackEnvironments.get(stack) ?? stack,
        check: check.check_id,
        resource: paths.get(`${stack}.${id}`) ?? check.resource,
        detail: `${check.check_name}.`,
      };
    });
}

async function linted(resources: readonly SynthesizedResource[]): Promise<Finding[]> {
  const policies = resources.flatMap((resource) =>
    policiesIn(resource).map((policy) => ({ name: `${resource.stack}/${resource.path}`, policy })),
  );
  expect(policies.length).toBeGreaterThan(0);
  const found = await lintPolicies(tools, policies);
  return found.map(({ name, check, detail }) => {
    const [stack = "", ...path] = name.split("/");
    return { environment: stackEnvironments.get(stack) ?? stack, check, resource: path.join("/"), detail };
  });
}

describe("the stacks of all environments", () => {
  it("have no finding of checkov or parliament without a written reason", async () => {
    const resources = [...stackEnvironments.keys()].flatMap((stack) => stackResources(stacks, stack));

    const findings = [...scanned(resources), ...(await linted(resources))];

    expect(judge(findings, accepted, environments)).toEqual([]);
  });

  it("are all scanned, and read without an error", () => {
    const pipelines = Object.keys(environments).map((name) => stackNames(name).pipeline);
    const passed = new Set(report.passed_checks.map(stackOf));
    expect([...passed]).toEqual(expect.arrayContaining(pipelines));
    expect(report.parsing_errors).toEqual([]);
  });
});

describe("the scan", () => {
  it("finds what a weakened stack has lost", () => {
    const ids = report.failed_checks.filter((check) => stackOf(check) === weakened).map((c) => c.check_id);
    // Public access, versioning, every action on everything.
    expect(ids).toEqual(expect.arrayContaining(["CKV_AWS_53", "CKV_AWS_21", "CKV_AWS_62"]));
  });

  it("finds actions that do not exist, resources that do not fit, and roles that widen themselves", async () => {
    const policy = (Action: string, Resource: string) => ({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action, Resource }],
    });

    const found = await lintPolicies(tools, [
      { name: "unknown", policy: policy("sagemaker:CreateTrainingJobs", "*") },
      { name: "misfit", policy: policy("s3:GetObject", "arn:aws:s3:::example") },
      { name: "star", policy: policy("sagemaker:CreateTrainingJob", "*") },
      { name: "escalation", policy: policy("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/example") },
    ]);

    expect(found.map(({ name, check }) => [name, check])).toEqual(
      expect.arrayContaining([
        ["unknown", "UNKNOWN_ACTION"],
        ["misfit", "RESOURCE_MISMATCH"],
        ["star", "RESOURCE_STAR"],
        ["escalation", "PERMISSIONS_MANAGEMENT_ACTIONS"],
      ]),
    );
  });
});

describe("judge", () => {
  const [environment = ""] = Object.keys(environments);
  const finding: Finding = { environment, check: "CKV_1", resource: "Bucket", detail: "Open." };
  const acceptance: AcceptedFinding = { check: "CKV_1", resource: /^Bucket$/, reason: "a test" };

  it("lets pass what is accepted", () => {
    expect(judge([finding], [acceptance], environments)).toEqual([]);
  });

  it.each<[string, AcceptedFinding]>([
    ["another check", { ...acceptance, check: "CKV_2" }],
    ["another resource", { ...acceptance, resource: /^Topic$/ }],
    ["another environment", { ...acceptance, where: (config) => config !== environments[environment] }],
  ])("fails for a finding that is accepted for %s only, and for that acceptance", (_, other) => {
    expect(judge([finding], [other], environments)).toEqual([
      expect.stringContaining(`${environment}: CKV_1 at Bucket: Open.`),
      expect.stringContaining("Nothing is found any more"),
    ]);
  });

  it("lets stand what is accepted for environments that there are none of", () => {
    expect(judge([], [{ ...acceptance, where: () => false }], environments)).toEqual([]);
  });
});
