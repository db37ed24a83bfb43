import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { Construct } from "constructs";
import type { FunctionReferences } from "../workflow/functions";
import type { RoleDescription } from "../workflow/roles";
import { ExecutionRole } from "./execution-role";

/** What constructs of the workflow know of where they are deployed. */
export interface Deployment extends FunctionReferences {
  readonly logRetentionInDays: number;
}

/** What functions and state machines have, each as children of its own: a role, and a log group. */
export function roleAndLog(
  scope: Construct,
  { role, logGroupName }: { readonly role: RoleDescription; readonly logGroupName: string },
  { account, kmsKeyArn, logRetentionInDays }: Deployment,
) {
  return {
    role: new ExecutionRole(scope, "Role", { role, account }),
    logGroup: new CloudwatchLogGroup(scope, "LogGroup", {
      name: logGroupName,
      retentionInDays: logRetentionInDays,
      kmsKeyId: kmsKeyArn,
    }),
  };
}
