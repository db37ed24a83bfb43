import { LocalBackend, S3Backend, type TerraformStack } from "cdktf";
import type { EnvironmentConfig } from "../configuration/environment-schema";
import { stateKey } from "../configuration/names";
import { fromStackFolder } from "./stack-folder";

/** Stores the stack's state in the environment's state bucket, with a lock file; without a bucket, in the project. */
export function configureState(
  stack: TerraformStack,
  { stateBucket, region, profile, assumeRoleArn }: EnvironmentConfig,
): void {
  const { id } = stack.node;
  if (stateBucket === undefined) {
    new LocalBackend(stack, { path: fromStackFolder(stack, `terraform.${id}.tfstate`) });
    return;
  }
  new S3Backend(stack, {
    bucket: stateBucket,
    key: stateKey(id),
    region,
    encrypt: true,
    profile,
    assumeRole: assumeRoleArn === undefined ? undefined : { roleArn: assumeRoleArn },
  });
  // CDKTF's type does not have the option.
  stack.addOverride("terraform.backend.s3.use_lockfile", true);
}
