/** The role that reviews pull requests, and Terraform with its credentials. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { Aws } from "../../cli/account/clients";
import { stackFolder } from "../../cli/terraform/folders";
import { type PolicyDocument, without } from "../grants";
import { callService } from "../runs/call-service";
import type { TestCloud } from "../runs/cloud";

const RoleName = "reviews";

interface Use {
  readonly action: string;
  readonly resource: string;
  readonly allowed: number;
  readonly denied: number;
}

export class ReviewRole {
  private constructor(
    private readonly cloud: TestCloud,
    private readonly folder: string,
    readonly policy: PolicyDocument,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  /** Makes the role, and gives its credentials to Terraform in the project's `folder`, which is synthesized. */
  static async create(cloud: TestCloud, folder: string, policy: PolicyDocument): Promise<ReviewRole> {
    const trust = { Effect: "Allow", Principal: { AWS: "123456789012" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    const { Role } = await cloud.aws
      .iam()
      .send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const session = { RoleArn: Role?.Arn, RoleSessionName: "reviewer" };
    const { Credentials } = await cloud.aws.sts().send(new AssumeRoleCommand(session));
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
    const role = new ReviewRole(cloud, folder, policy, {
      ...cloud.variables,
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey,
      AWS_SESSION_TOKEN: SessionToken,
    });
    await role.allow(policy);
    return role;
  }

  /** What a client of an SDK needs to act as the role. */
  get client() {
    const { endpoint, region } = this.cloud.aws.connection;
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = this.variables;
    const credentials = {
      accessKeyId: AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: AWS_SESSION_TOKEN,
    };
    return { endpoint, region, credentials };
  }

  /** Takes these actions from the role, whatever they are on, until `allow` gives them back. */
  async takeAway(actions: readonly string[]): Promise<void> {
    const grants = this.policy.Statement.flatMap(({ Action, Resource }) =>
      Action.filter((action) => actions.includes(action)).flatMap((action) =>
        Resource.map((resource) => ({ action, resource })),
      ),
    );
    await this.allow(grants.reduce(without, this.policy));
  }

  async allow(policy: PolicyDocument): Promise<void> {
    await this.cloud.aws.iam().send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: "permissions",
        PolicyDocument: JSON.stringify(policy),
      }),
    );
  }

  /** Plans a stack as `npm run review` does, and returns what Terraform says, whatever it ends with. */
  async plan(stack: string): Promise<{ readonly ok: boolean; readonly said: string }> {
    const cwd = join(this.folder, stackFolder("local", stack));
    const env = { ...process.env, ...this.variables, TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
    const terraform = process.env.TERRAFORM_BINARY_NAME ?? "terraform";
    const run = promisify(execFile);
    try {
      await run(terraform, ["init", "-input=false", "-no-color"], { cwd, env });
      const plan = ["plan", "-input=false", "-no-color", "-lock=false"];
      return { ok: true, said: (await run(terraform, plan, { cwd, env })).stdout };
    } catch (error) {
      return { ok: false, said: String((error as { stderr?: string }).stderr ?? error) };
    }
  }

  /** Asks for a secret. */
  async readSecret(Name: string): Promise<string> {
    const headers = {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": "AmazonSSM.GetParameter",
    };
    return await callService(
      new Aws(this.client),
      "ssm",
      headers,
      JSON.stringify({ Name, WithDecryption: true }),
    );
  }

  /** What the role has used so far. */
  async uses(): Promise<readonly Use[]> {
    return (await this.cloud.audit()).find(({ name }) => name === RoleName)?.uses ?? [];
  }
}

/** Whether a resource of a policy covers what was used. */
export function covers(resource: string, used: string): boolean {
  const pattern = resource.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${pattern}$`).test(used);
}
