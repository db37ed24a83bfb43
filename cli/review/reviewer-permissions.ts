/** Permissions of the role that reviews pull requests: exactly what planning the environment reads. */

import { stateKey } from "../../configuration/names";
import { arn, bucketArn, globalArn, type Place, stateMachineArns } from "../../workflow/arns";
import { bucketNamePrefix } from "../../workflow/bucket";
import { experimentGroupName } from "../../workflow/experiments";
import { allow, allowKey, type PolicyStatement } from "../../workflow/iam";
import { executionRule, topicName } from "../../workflow/monitoring/notifications";
import { baseName, monitorName, type NameScope, retrainName } from "../../workflow/names";
import { prefixes } from "../../workflow/prefixes";
import { approvalRule, modelPackageGroup } from "../../workflow/resources";

/** The names and the account that the permissions contain. */
interface ReviewScope extends NameScope, Place {
  readonly stateBucket: string;
  /** Stacks whose state is read. */
  readonly stacks: readonly string[];
  /** @default - any name with the prefix `bucketNamePrefix` */
  readonly bucketName?: string;
  /** Key of the state bucket. */
  readonly kmsKeyArn?: string;
}

/**
 * What `npm run review` reads in an environment, whichever features are enabled.
 *
 * Anyone who can push a branch can use it, so it excludes the content of objects other than code, versions of objects,
 * parameters, logs, executions and models.
 */
export function reviewPermissions(scope: ReviewScope): PolicyStatement[] {
  const base = baseName(scope);
  const alarms = arn(scope, "cloudwatch", `alarm:${base}-*`);
  const machines = Object.values(stateMachineArns(scope, scope));
  const rules = [approvalRule(scope), executionRule(scope, scope)].map(({ name }) =>
    arn(scope, "events", `rule/${name}`),
  );
  const group = arn(scope, "sagemaker", `model-package-group/${modelPackageGroup(scope).name}`);
  const topic = arn(scope, "sns", topicName(scope));
  const functions = arn(scope, "lambda", `function:${base}-*`);
  const scheduleGroup = arn(scope, "scheduler", `schedule-group/${experimentGroupName(base)}`);
  return [
    ...bucketReads(scope),
    allow(
      ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
      [globalArn(scope, "iam", `role/${base}-*`)],
    ),
    // The function's description contains its environment variables, without secrets, and a link to its code, which the branch has.
    allow(
      ["lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:ListVersionsByFunction"],
      [functions],
    ),
    allow(
      ["lambda:GetPolicy"],
      [`${base}-notify`, `${base}-webhook`].map((name) => arn(scope, "lambda", `function:${name}`)),
    ),
    allow(
      ["states:DescribeStateMachine", "states:ListStateMachineVersions", "states:ListTagsForResource"],
      machines,
    ),
    allow(["states:ValidateStateMachineDefinition"], ["*"], {
      reason: "it checks a text, not a resource",
    }),
    allow(["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"], rules),
    allow(["sagemaker:DescribeModelPackageGroup", "sagemaker:ListTags"], [group]),
    allow(["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"], [alarms]),
    allow(["cloudwatch:GetDashboard"], [globalArn(scope, "cloudwatch", `dashboard/${base}`)]),
    allow(["logs:DescribeLogGroups"], ["*"], {
      reason: "it lists names; IAM has no resource for the call",
    }),
    allow(
      ["logs:ListTagsForResource"],
      [`/aws/lambda/${base}-*`, `/aws/vendedlogs/states/${base}`, `/aws/vendedlogs/states/${base}-*`].map(
        (name) => arn(scope, "logs", `log-group:${name}`),
      ),
    ),
    allow(["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"], [topic]),
    allow(["sns:GetSubscriptionAttributes"], ["*"], { reason: "IAM has no resource for subscriptions" }),
    // The topic's key, whose id is not known in advance.
    allow(
      ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
      [arn(scope, "kms", "key/*")],
      { conditions: { StringEquals: { "aws:ResourceTag/workflow": base } } },
    ),
    allow(
      ["scheduler:GetSchedule"],
      [base, monitorName(scope), retrainName(scope)].map((name) =>
        arn(scope, "scheduler", `schedule/default/${name}`),
      ),
    ),
    allow(["scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"], [scheduleGroup]),
  ];
}

/** Permissions to read the state, and the artifact bucket's settings, keys and code. */
function bucketReads(scope: ReviewScope): PolicyStatement[] {
  const { stateBucket, stacks, kmsKeyArn } = scope;
  const bucket = (name: string) => bucketArn(scope, name);
  const artifacts = bucket(scope.bucketName ?? `${bucketNamePrefix(scope)}*`);
  return [
    allow(
      ["s3:GetObject"],
      stacks.map((stack) => `${bucket(stateBucket)}/${stateKey(stack)}`),
    ),
    ...allowKey(kmsKeyArn, ["kms:Decrypt"]),
    allow(["s3:ListBucket"], [bucket(stateBucket), artifacts]),
    allow(["s3:GetObject", "s3:GetObjectTagging"], [`${artifacts}/${prefixes.code}*`]),
    allow(
      [
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
      ],
      [artifacts],
    ),
  ];
}
