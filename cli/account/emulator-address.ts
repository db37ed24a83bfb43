import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { projectRoot } from "../paths";
import type { Connection } from "./clients";

/** What the emulator prints when it is ready. */
export const readySchema = z.object({
  endpoint: z.url(),
  account: z.string(),
  region: z.string(),
  timeScale: z.number(),
  isolation: z.string(),
  pid: z.number(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
});

export type EmulatorAddress = z.output<typeof readySchema>;

/** Where other commands find the running emulators; each has a file of its own. */
const addressFolder = resolve(projectRoot, ".emulator/addresses");

/** Writes an emulator's address and key for other commands, and removes those of emulators that no longer run. */
export function writeAddress(address: EmulatorAddress, folder = addressFolder): void {
  mkdirSync(folder, { recursive: true });
  const running = new Set(runningEmulators(folder).map(({ pid }) => addressFile(pid)));
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".json") && !running.has(name)) rmSync(join(folder, name), { force: true });
  }
  const file = join(folder, addressFile(address.pid));
  const unfinished = `${file}.${process.pid}`;
  rmSync(unfinished, { force: true });
  // Only this user may read the secret in it.
  writeFileSync(unfinished, JSON.stringify(address), { mode: 0o600, flag: "wx" });
  renameSync(unfinished, file);
}

/** Removes an emulator's address. */
export function forgetAddress({ pid }: EmulatorAddress, folder = addressFolder): void {
  rmSync(join(folder, addressFile(pid)), { force: true });
}

/** The emulators that commands of this project started, in the order of their start; `local` means the first. */
export function runningEmulators(folder = addressFolder): EmulatorAddress[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => readAddress(join(folder, name)))
    .sort((one, two) => one.since - two.since)
    .map(({ address }) => address);
}

/** Reads an address file; returns nothing if it is not one, or if its emulator no longer runs. */
function readAddress(file: string): { address: EmulatorAddress; since: number }[] {
  try {
    const address = readySchema.parse(JSON.parse(readFileSync(file, "utf8")));
    process.kill(address.pid, 0); // throws if no such process exists
    return [{ address, since: statSync(file).mtimeMs }];
  } catch {
    return [];
  }
}

function addressFile(pid: number): string {
  return `${pid}.json`;
}

export type EmulatorConnection = Connection & Required<Pick<Connection, "endpoint" | "credentials">>;

export function connectionTo(address: EmulatorAddress): EmulatorConnection {
  const { endpoint, region, accessKeyId, secretAccessKey } = address;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** Calls one of the emulator's own paths, such as `/_emulator/audit`, with its key. */
export async function callEmulator(
  { endpoint, credentials }: EmulatorConnection,
  path: string,
  request: RequestInit = {},
): Promise<Response> {
  const { accessKeyId, secretAccessKey } = credentials;
  const pair = Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64");
  return await fetch(`${endpoint}${path}`, {
    ...request,
    headers: { ...request.headers, Authorization: `Basic ${pair}` },
  });
}

/** The variables that point any AWS SDK, CLI or Terraform at the emulator. */
export function emulatorVariables({
  endpoint,
  region,
  credentials,
}: EmulatorConnection): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    NO_PROXY: "127.0.0.1",
  };
}
