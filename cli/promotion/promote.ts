import { workflowProps } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import { announce, environmentConfig, openEnvironment } from "../account/environment";
import { checkPair, type PromotionEnd } from "./plan";
import { type PromoteOptions, promoteBetween } from "./promotion";

/** Copies an approved version to another environment's registry, and starts its release there. */
export async function promote(
  fromName: string,
  toName: string,
  version: number | undefined,
  options: PromoteOptions,
): Promise<void> {
  for (const name of [fromName, toName]) environmentConfig(name);
  checkPair(promotionEnd(fromName), promotionEnd(toName));
  const [from, to] = [openEnvironment(fromName), openEnvironment(toName)];
  await announce(from);
  await announce(to);
  await promoteBetween(from, to, version, options);
}

function promotionEnd(name: string): PromotionEnd {
  return { name, prefix: workflowProps(name).prefix, isEmulator: name === localEnvironment };
}
