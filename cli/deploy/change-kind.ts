import { testRun } from "../../configuration";
import { openEnvironment } from "../account/environment";
import { confirmed, requireAnswer } from "../terminal/confirm";
import { print } from "../terminal/print";
import { deployStacks } from "./deploy-stacks";
import { type ChangeKindOptions, moveToKind } from "./move-to-kind";
import { requireDeployable } from "./ready";

/** Moves the version in service to an endpoint of the configured kind, and deletes the old endpoint. */
export async function changeKind(name: string, options: ChangeKindOptions): Promise<void> {
  const environment = openEnvironment(name);
  requireAnswer(options.yes);
  await requireDeployable(environment);
  await moveToKind(environment, options, {
    deploy: () => deployStacks(environment, options),
    confirm: async (question) => options.yes || (await confirmed(question)),
    onStep: (line) => print(line),
    instances: testRun.instances,
  });
}
