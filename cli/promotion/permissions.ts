/** The permissions that a promotion needs in each of the two accounts; docs/promotion.md has them as a table. */

import { arn, bucketArn, type Place } from "../../workflow/arns";
import { bucketNamePrefix } from "../../workflow/bucket";
import { allow, type PolicyStatement } from "../../workflow/iam";
import { baseName, type EndpointScope, releaseName, stableEndpointName } from "../../workflow/names";
import { prefixes } from "../../workflow/prefixes";

/** The names and the account that the permissions contain. */
interface PermissionScope extends EndpointScope, Place {}

/** Permissions in the source environment: read only. */
export function sourcePermissions(scope: PermissionScope): PolicyStatement[] {
  return [
    ...registryReads(scope),
    allow(["s3:ListBucket"], [bucket(scope)]),
    allow(["s3:GetObject"], [`${bucket(scope)}/${prefixes.modelArtifacts}*`]),
  ];
}

/** Permissions in the destination environment. */
export function destinationPermissions(scope: PermissionScope): PolicyStatement[] {
  const states = (resource: string) => arn(scope, "states", resource);
  const group = baseName(scope);
  return [
    ...registryReads(scope),
    allow(["states:DescribeStateMachine"], [states(`stateMachine:${group}`)]),
    allow(["s3:ListAllMyBuckets"], ["*"], { reason: "the action has no resource type" }),
    allow(["s3:ListBucket", "s3:GetBucketTagging"], [bucket(scope)]),
    // Read access, because existing copies are reused and the version in service is shown.
    allow(["s3:GetObject", "s3:PutObject"], [`${bucket(scope)}/${prefixes.modelArtifacts}*`]),
    allow(
      ["sagemaker:CreateModelPackage"],
      [sagemaker(scope, `model-package-group/${group}`), sagemaker(scope, `model-package/${group}/*`)],
    ),
    allow(["states:StartExecution", "states:ListExecutions"], [states(`stateMachine:${releaseName(scope)}`)]),
    allow(
      ["states:DescribeExecution", "states:GetExecutionHistory"],
      [states(`execution:${releaseName(scope)}:*`)],
    ),
  ];
}

/** Permissions to read the versions, and which one is in service. */
function registryReads(scope: PermissionScope): PolicyStatement[] {
  const base = baseName(scope);
  return [
    allow(["sagemaker:ListModelPackages"], ["*"], { reason: "the action has no resource type" }),
    allow(["sagemaker:DescribeModelPackage"], [sagemaker(scope, `model-package/${base}/*`)]),
    allow(["sagemaker:DescribeEndpoint"], [sagemaker(scope, `endpoint/${stableEndpointName(scope)}`)]),
    allow(["sagemaker:DescribeEndpointConfig"], [sagemaker(scope, `endpoint-config/${base}-config-*`)]),
    allow(["sagemaker:DescribeModel"], [sagemaker(scope, `model/${base}-model-*`)]),
  ];
}

function sagemaker(scope: PermissionScope, resource: string): string {
  return arn(scope, "sagemaker", resource);
}

function bucket(scope: PermissionScope): string {
  return bucketArn(scope, `${bucketNamePrefix(scope)}*`);
}
