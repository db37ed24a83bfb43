import { announce, openEnvironment } from "../account/environment";
import { type JsonOptions, printResult } from "../terminal/print";
import { findLeftovers } from "./find";
import { countObjects, leftoversText } from "./text";

/** Lists what executions created: what, since when, and what it costs a day. */
export async function leftovers(name: string, options: JsonOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const found = await findLeftovers(environment);
  printResult(countObjects(found), () => leftoversText(found), options);
}
