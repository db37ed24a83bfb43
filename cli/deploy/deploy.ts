import { refuseChangeOfKind } from "../account/endpoint-kind";
import { openEnvironment } from "../account/environment";
import { requireAnswer } from "../terminal/confirm";
import { type DeployOptions, deployStacks } from "./deploy-stacks";
import { requireDeployable } from "./ready";

/** Shows the changes, asks for confirmation, and deploys the environment's stacks. */
export async function deploy(name: string, options: DeployOptions): Promise<void> {
  const environment = openEnvironment(name);
  requireAnswer(options.yes);
  await requireDeployable(environment);
  await refuseChangeOfKind(environment);
  await deployStacks(environment, options);
}
