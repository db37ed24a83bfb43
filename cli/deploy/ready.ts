import { announce, type Environment } from "../account/environment";
import { requireTerraform } from "../terraform/run";
import { requireStateBucket } from "../terraform/state-bucket";
import { requireSameBackend } from "./same-backend";

/**
 * Checks that Terraform, the right account and the state bucket are available, the latter where the state is.
 *
 * @throws UsageError if one of them is not
 */
export async function requireDeployable(environment: Environment): Promise<void> {
  await requireTerraform(environment);
  await announce(environment);
  requireSameBackend(environment);
  await requireStateBucket(environment);
}
