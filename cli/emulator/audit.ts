import { callEmulator } from "../account/emulator-address";
import { localConnection } from "../account/environment";
import { FailedError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { auditSchema, auditText } from "./audit-text";

/** Lists what each role used since the emulator started, and what it was denied. */
export async function audit(options: JsonOptions): Promise<void> {
  const response = await callEmulator(localConnection(), "/_emulator/audit");
  if (!response.ok) throw new FailedError(`The emulator returned no audit: ${await response.text()}`);
  const found = auditSchema.parse(await response.json());
  printResult(found, () => auditText(found), options);
}
