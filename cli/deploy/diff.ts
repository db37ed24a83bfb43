import { announce, openEnvironment } from "../environment";
import { print } from "../terminal";
import { stacksOf, upstreamIsDeployed } from "./stacks";
import { requireStateBucket } from "./state-bucket";
import { requireTerraform, runCdktf } from "./terraform";

/** Shows what a deploy of the environment would change, stack by stack. */
export async function diff(name: string): Promise<void> {
  const environment = openEnvironment(name);
  await requireTerraform(environment);
  await announce(environment);
  await requireStateBucket(environment);
  await runCdktf(environment, ["synth"], "nothing");
  for (const stack of stacksOf(environment)) {
    if (stack.upstream !== undefined && !(await upstreamIsDeployed(environment, stack))) {
      print(`${stack.name}: after ${stack.upstream}, which is not deployed yet`);
    } else {
      await runCdktf(environment, ["diff", stack.name, "--skip-synth", "--skip-provider-lock"], "all");
    }
  }
}
