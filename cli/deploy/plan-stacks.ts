import type { Environment } from "../account/environment";
import type { ReviewInput } from "../review/read-plans";
import { runTerraform } from "../terraform/run";
import { initialize, stacksOf, synthesized, upstreamIsDeployed } from "../terraform/stacks";
import { synthesize } from "../terraform/synthesize";

const planFile = "review.tfplan";

/**
 * Plans every stack of an environment.
 *
 * Takes no lock, because it changes nothing: read-only credentials are enough.
 *
 * @param onProgress called with each step
 */
export async function planStacks(
  environment: Environment,
  onProgress: (line: string) => void,
): Promise<ReviewInput["stacks"]> {
  onProgress("Synthesizing the stacks");
  await synthesize(environment);
  const plans: ReviewInput["stacks"][number][] = [];
  for (const stack of stacksOf(environment)) {
    onProgress(`Planning ${stack.name}`);
    await initialize(environment, stack.name);
    if (stack.upstream !== undefined && !(await upstreamIsDeployed(environment, stack))) {
      plans.push({ name: stack.name, after: stack.upstream });
      continue;
    }
    const plan = ["plan", "-input=false", "-no-color", "-lock=false", `-out=${planFile}`];
    await runTerraform(environment, stack.name, plan);
    const json = await runTerraform(environment, stack.name, ["show", "-json", planFile]);
    plans.push({
      name: stack.name,
      plan: JSON.parse(json),
      synthesized: JSON.parse(synthesized(environment, stack.name)),
    });
  }
  return plans;
}
