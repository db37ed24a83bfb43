import { announce, type Environment } from "../account/environment";
import { requireTerraform } from "../terraform/run";
import { requireStateBucket } from "../terraform/state-bucket";

/** Fails unless Terraform, the right account and the state bucket are there. */
export async function requireDeployable(environment: Environment): Promise<void> {
  await requireTerraform(environment);
  await announce(environment);
  await requireStateBucket(environment);
}
