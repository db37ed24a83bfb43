/** Permissions that SageMaker itself uses as the role of a job or a model: logs, and network interfaces. */

import { arn, type Place } from "./arns";
import { allow, type PolicyStatement } from "./iam";
import { baseName, type NameScope } from "./names";
import type { VpcSettings } from "./settings";

/** The page that requires them. */
export const page = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html";

/**
 * The page grants them on every log group. SageMaker's own groups start with /aws/sagemaker/; streams of jobs start with
 * the job's name, and each endpoint has its own group.
 */
export function logs(scope: NameScope, place: Place): PolicyStatement[] {
  const base = baseName(scope);
  const group = (name: string) => arn(place, "logs", `log-group:/aws/sagemaker/${name}`);
  return [
    allow(["logs:CreateLogGroup", "logs:DescribeLogStreams"], [group("*")], { page }),
    allow(
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      [
        group(`*Jobs:log-stream:${base}-*`),
        ...[base, `${base}-*`].map((endpoint) => group(`Endpoints/${endpoint}:log-stream:*`)),
      ],
      { page },
    ),
  ];
}

/**
 * SageMaker creates network interfaces in the subnets.
 *
 * The page grants them on `*`. A job's code runs with these permissions, so it may create and remove interfaces in the
 * workflow's own subnets only. No page documents for whom SageMaker shares them (`ec2:AuthorizedService`).
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
export function networkInterfaces(
  { subnetIds, securityGroupIds }: VpcSettings,
  place: Place,
): PolicyStatement[] {
  // Another account may share a subnet; ids of subnets are unique.
  const shared = (resource: string) => arn({ ...place, account: "*" }, "ec2", resource);
  const interfaces = arn(place, "ec2", "network-interface/*");
  const subnets = subnetIds.map((id) => shared(`subnet/${id}`));
  return [
    allow(
      ["ec2:CreateNetworkInterface"],
      [interfaces, ...subnets, ...securityGroupIds.map((id) => shared(`security-group/${id}`))],
      { page },
    ),
    allow(
      [
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
      ],
      [interfaces],
      { conditions: { ArnEquals: { "ec2:Subnet": subnets } }, page },
    ),
    allow(
      [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
      ],
      ["*"],
      { reason: "describing has no resource type", page },
    ),
  ];
}
