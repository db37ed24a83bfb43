import { announce, openEnvironment } from "../account/environment";
import { print, printJson } from "../terminal/print";
import { findLeftovers } from "./find";
import { countObjects, leftoversText } from "./text";

/** Lists what executions created: what, since when, and what it costs a day. */
export async function leftovers(name: string, options: { readonly json: boolean }): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const found = await findLeftovers(environment);
  if (options.json) printJson(countObjects(found));
  else print(leftoversText(found));
}
