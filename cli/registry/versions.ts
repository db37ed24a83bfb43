import { gateSettings } from "../../workflow/gate";
import { announce, openEnvironment } from "../account/environment";
import { type JsonOptions, printResult } from "../terminal/print";
import { listVersions, versionSummary } from "./model-versions";
import { servingText, versionsText } from "./text";

/** Lists the registered versions: which one is in service, and which ones wait for approval. */
export async function versions(name: string, options: JsonOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const found = await listVersions(environment);
  const gate = gateSettings(environment.workflow.gate);
  const text = () => [versionsText(found, gate), nextText(name, found)].join("\n");
  printResult({ gate, versions: found.map((one) => versionSummary(one, gate)) }, text, options);
}

function nextText(name: string, found: Awaited<ReturnType<typeof listVersions>>): string {
  if (found.length === 0) return `Next: npm run execute -- ${name}, which trains a model and registers it`;
  return `In ${name}, ${servingText(name, found)}`;
}
