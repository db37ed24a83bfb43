import { callEmulator } from "../account/emulator-address";
import { localConnection } from "../account/environment";
import { FailedError } from "../terminal/errors";
import { print, printJson } from "../terminal/print";
import { auditSchema, auditText } from "./audit-text";

/** Lists what each role used since the emulator started, and what it was denied. */
export async function audit(options: { readonly json: boolean }): Promise<void> {
  const response = await callEmulator(localConnection(), "/_emulator/audit");
  if (!response.ok) throw new FailedError(`The emulator returned no audit: ${await response.text()}`);
  const found = auditSchema.parse(await response.json());
  if (options.json) printJson(found);
  else print(auditText(found));
}
