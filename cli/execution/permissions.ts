/** The permissions of a person who stops executions and lets them go on; docs/resume.md has them as a table. */

import { arn, bucketArn, executionArn, type Place, stateMachineArns } from "../../workflow/arns";
import { bucketNamePrefix } from "../../workflow/bucket";
import { allow, type PolicyStatement } from "../../workflow/iam";
import { type JobKind, jobKinds, jobResource } from "../../workflow/job-kinds";
import { baseName, type NameScope } from "../../workflow/names";

/** The names and the account that the permissions contain. */
interface PermissionScope extends NameScope, Place {}

/** The permissions that each way needs, by the command's option or name. */
export function resumePermissions(scope: PermissionScope) {
  const machines = stateMachineArns(scope, scope);
  const executions = Object.values(machines).map((machine) => executionArn(machine, "*"));
  const reads = (resources: readonly string[]) =>
    allow(["states:DescribeExecution", "states:GetExecutionHistory"], resources);
  return {
    "execute --redrive": [reads(executions), allow(["states:RedriveExecution"], executions)],
    "execute --from": [
      reads([executionArn(machines.workflow, "*")]),
      allow(["states:StartExecution"], [machines.workflow]),
      allow(["s3:ListBucket"], [bucketArn(scope, `${bucketNamePrefix(scope)}*`)]),
    ],
    stop: [reads(executions), allow(["states:StopExecution"], executions), ...jobStatements(scope)],
  } satisfies Record<string, readonly PolicyStatement[]>;
}

/** Step Functions stops the jobs of an execution that is stopped, but does not promise it. */
function jobStatements(scope: PermissionScope): PolicyStatement[] {
  const kinds = (Object.keys(jobKinds) as JobKind[]).filter((kind) => "step" in jobKinds[kind]);
  return [...new Set(kinds.map((kind) => jobKinds[kind].api))].map((api) =>
    allow(
      [`sagemaker:Describe${api}Job`, `sagemaker:Stop${api}Job`],
      kinds
        .filter((kind) => jobKinds[kind].api === api)
        .map((kind) => arn(scope, "sagemaker", jobResource(kind, `${baseName(scope)}-${kind}-*`))),
    ),
  );
}
