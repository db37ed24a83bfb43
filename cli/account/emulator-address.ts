import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
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

/** Where other commands find the running emulator. */
const addressFile = resolve(projectRoot, ".emulator/address.json");

/** Writes the emulator's address and key for other commands. */
export function writeAddress(address: EmulatorAddress, file = addressFile): void {
  mkdirSync(resolve(file, ".."), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  rmSync(unfinished, { force: true });
  // Only this user may read the secret in it.
  writeFileSync(unfinished, JSON.stringify(address), { mode: 0o600, flag: "wx" });
  renameSync(unfinished, file);
}

/** Removes the address file if it is still this emulator's. */
export function forgetAddress({ pid }: EmulatorAddress): void {
  if (runningEmulator()?.pid === pid) rmSync(addressFile, { force: true });
}

/** The emulator that another command of this project started, if there is one. */
export function runningEmulator(): EmulatorAddress | undefined {
  try {
    const address = readySchema.parse(JSON.parse(readFileSync(addressFile, "utf8")));
    process.kill(address.pid, 0); // throws if no such process exists
    return address;
  } catch {
    return undefined;
  }
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
