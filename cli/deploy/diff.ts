import { openEnvironment } from "../account/environment";
import { print } from "../terminal/print";
import { runCdktf } from "../terraform/run";
import { stacksOf, upstreamIsDeployed } from "../terraform/stacks";
import { synthesize } from "../terraform/synthesize";
import { requireDeployable } from "./ready";

/** Shows what a deploy of the environment would change, stack by stack. */
export async function diff(name: string): Promise<void> {
  const environment = openEnvironment(name);
  await requireDeployable(environment);
  await synthesize(environment);
  for (const stack of stacksOf(environment)) {
    if (stack.upstream !== undefined && !(await upstreamIsDeployed(environment, stack))) {
      print(`${stack.name}: after ${stack.upstream}, which is not deployed yet`);
    } else {
      await runCdktf(environment, ["diff", stack.name, "--skip-synth", "--skip-provider-lock"], "all");
    }
  }
}
