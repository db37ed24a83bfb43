import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { policyDocument, trustPolicy } from "../workflow/iam";
import type { RoleDescription } from "../workflow/roles";

export interface ExecutionRoleProps {
  /** The role's trust policy and permissions. */
  readonly role: RoleDescription;
  /** The account for whose resources the service may use the role. */
  readonly account: string;
}

/** A role for one AWS service, with exactly the given permissions. */
export class ExecutionRole extends Construct {
  /** Resources that use the role when they are created depend on this, because a role has no permissions before its policy exists. */
  readonly policy: IamRolePolicy;
  private readonly resource: IamRole;

  constructor(scope: Construct, id: string, { role, account }: ExecutionRoleProps) {
    super(scope, id);
    if (role.namePrefix.length > 38) {
      throw new Error(`A role's namePrefix must have at most 38 characters, got "${role.namePrefix}"`);
    }
    this.resource = new IamRole(this, "Resource", {
      namePrefix: role.namePrefix,
      description: role.description,
      assumeRolePolicy: JSON.stringify(trustPolicy(role, account)),
    });
    this.policy = new IamRolePolicy(this, "Policy", {
      name: "permissions",
      role: this.resource.id,
      policy: JSON.stringify(policyDocument(role.policyStatements)),
    });
  }

  get roleArn(): string {
    return this.resource.arn;
  }
}
