/** ARNs of resources in an account and region, of S3 objects, and of Step Functions integrations. */

import { baseName, monitorName, type NameScope, releaseName, retrainName } from "./names";

/** Partition, region and account: real values, or Terraform tokens. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** An ARN in an account and region. */
export function arn({ partition, region, account }: Place, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** An ARN of a global resource, such as a role or a dashboard. */
export function globalArn(
  { partition, account }: Omit<Place, "region">,
  service: string,
  resource: string,
): string {
  return `arn:${partition}:${service}::${account}:${resource}`;
}

/** The ARN of a bucket, which has no region and no account. */
export function bucketArn({ partition }: Pick<Place, "partition">, bucketName: string): string {
  return `arn:${partition}:s3:::${bucketName}`;
}

/** The ARN of objects in a bucket. */
export function objectArn(place: Pick<Place, "partition">, bucketName: string, keys: string): string {
  return `${bucketArn(place, bucketName)}/${keys}`;
}

/** The ARN of a Step Functions integration, such as `states:::sagemaker:createModel`. */
export function integration({ partition }: Pick<Place, "partition">, action: string): string {
  return `arn:${partition}:states:::${action}`;
}

/** The ARNs of the state machines: the workflow's, and those of releases, the monitor and retraining, deployed or not. */
export interface StateMachineArns {
  readonly workflow: string;
  readonly release: string;
  readonly monitor: string;
  readonly retrain: string;
}

export function stateMachineArns(scope: NameScope, place: Place): StateMachineArns {
  const machine = (name: string) => arn(place, "states", `stateMachine:${name}`);
  return {
    workflow: machine(baseName(scope)),
    release: machine(releaseName(scope)),
    monitor: machine(monitorName(scope)),
    retrain: machine(retrainName(scope)),
  };
}

/** The ARN of an execution; `*` is any execution of the state machine. */
export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}
