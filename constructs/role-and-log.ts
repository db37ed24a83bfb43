import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { Construct } from "constructs";
import type { FunctionReferences } from "../workflow/functions";
import type { RoleDescription } from "../workflow/roles";
import { ExecutionRole } from "./execution-role";

/** Where the constructs of a workflow are deployed. */
export interface Deployment extends FunctionReferences {
  readonly logRetentionInDays: number;
}

/** Creates a role and a log group, as children of each function and state machine. */
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
