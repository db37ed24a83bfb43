/** The processes of a test's emulator, and their sudden ends. */

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { patience, until } from "../patience";
import type { TestCloud } from "./cloud";

/** The processes of the emulator's children whose command line or variables have `text`, without supervisors. */
export function processesOf({ variables }: TestCloud, text: string): number[] {
  const endpoint = `AWS_ENDPOINT_URL=${variables.AWS_ENDPOINT_URL}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (command.includes("supervisor.py")) return false;
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
        return environment.includes(endpoint) && `${command}\0${environment}`.includes(text);
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

/** Kills the first process that has `text`, as soon as there is one. */
export async function kill(cloud: TestCloud, text: string): Promise<void> {
  const [pid] = await until(() => {
    const found = processesOf(cloud, text);
    return found.length > 0 ? found : undefined;
  }, text);
  process.kill(pid as number, "SIGKILL");
}

/** What the processes of a function have in their variables. */
export function functionText(name: string): string {
  return `AWS_LAMBDA_FUNCTION_NAME=${name}`;
}

/**
 * Kills a function in the middle of its next invocation, which `act` leads to.
 *
 * A function that was invoked before is reused: it is stopped, so that it keeps its invocation until it is killed.
 */
export async function killInvoked<Result>(
  cloud: TestCloud,
  name: string,
  act: () => Promise<Result>,
): Promise<Result> {
  const stopped = processesOf(cloud, functionText(name));
  if (stopped.length === 0) throw new Error(`${name} must have been invoked before, so that it is reused`);
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  const given = new AbortController();
  const invoked = firstInvoked(stopped, given.signal);
  const acted = act();
  try {
    const pid = await Promise.race([invoked, acted.then(() => invoked)]);
    process.kill(pid, "SIGKILL");
    for (const other of stopped.filter((one) => one !== pid)) process.kill(other, "SIGCONT");
  } finally {
    given.abort();
  }
  return await acted;
}

/** Waits until one of some stopped processes has an invocation to read on its standard input, and returns its id. */
async function firstInvoked(pids: readonly number[], signal: AbortSignal): Promise<number> {
  const program = `import array, fcntl, os, sys, termios, time
pipes = {pid: os.open(f"/proc/{pid}/fd/0", os.O_RDONLY) for pid in sys.argv[1:]}
count = array.array("i", [0])
while True:
    for pid, pipe in pipes.items():
        fcntl.ioctl(pipe, termios.FIONREAD, count)
        if count[0]:
            sys.exit(print(pid))
    time.sleep(0.05)`;
  const timeout = 240_000 * patience;
  const run = promisify(execFile)("python3", ["-c", program, ...pids.map(String)], { signal, timeout });
  return Number((await run).stdout);
}
