import type { JsonObject } from "../asl/jsonata";
import type { Workflow } from "../settings";

/** The network in the form of SageMaker's requests; empty without one. */
export function vpcConfig({ settings: { vpc } }: Workflow): JsonObject {
  if (vpc === undefined) return {};
  return { VpcConfig: { Subnets: [...vpc.subnetIds], SecurityGroupIds: [...vpc.securityGroupIds] } };
}
