import { callEmulator } from "../account/emulator-address";
import { localConnection } from "../account/environment";
import { FailedError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { mailsSchema, mailsText } from "./mails-text";

/** Lists the emails that topics in the emulator would have sent. */
export async function mails(options: JsonOptions): Promise<void> {
  const response = await callEmulator(localConnection(), "/_emulator/mails");
  if (!response.ok) throw new FailedError(`The emulator returned no emails: ${await response.text()}`);
  const found = mailsSchema.parse(await response.json());
  printResult(found, () => mailsText(found), options);
}
