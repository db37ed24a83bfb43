import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { configurationName } from "../../configuration";
import type { Environment } from "../account/environment";
import { projectRoot } from "../paths";
import { UsageError } from "../terminal/errors";
import { stackFolder } from "../terraform/folders";
import { stacksOf } from "../terraform/stacks";

/** What Terraform keeps of the backend that a stack's folder was initialized with. */
const backendSchema = z.object({
  backend: z.object({ type: z.string(), config: z.object({ bucket: z.string(), region: z.string() }) }),
});

/**
 * Refuses a region or state bucket other than those of the last deploy from this folder, which Terraform would only call
 * a changed backend configuration.
 *
 * @throws UsageError
 */
export function requireSameBackend(environment: Environment, root = projectRoot): void {
  const { name, config } = environment;
  for (const stack of stacksOf(environment)) {
    const file = join(root, stackFolder(name, stack.name), ".terraform", "terraform.tfstate");
    const before = backendIn(file);
    if (before === undefined) continue;
    if (before.region !== config.region) {
      throw new UsageError(
        `Environment ${name} was last deployed to ${before.region}, but its region in ${configurationName} is ${config.region}: resources cannot move between regions. Set the region back; then add an environment for ${config.region}, or destroy this one first with npm run destroy -- ${name}. Nothing was changed. If it has been destroyed already, remove the folder ${stackFolder(name, stack.name)}`,
      );
    }
    if (config.stateBucket !== undefined && before.bucket !== config.stateBucket) {
      throw new UsageError(
        `The state of environment ${name} is in the bucket ${before.bucket}, but its stateBucket in ${configurationName} is ${config.stateBucket}: set it back, or copy ${stack.name}/terraform.tfstate into the new bucket and remove the folder ${stackFolder(name, stack.name)}. Nothing was changed`,
      );
    }
  }
}

function backendIn(file: string): { readonly bucket: string; readonly region: string } | undefined {
  try {
    return backendSchema.parse(JSON.parse(readFileSync(file, "utf8"))).backend.config;
  } catch {
    // Not initialized here, or with a state in a file.
    return undefined;
  }
}
