import { setTimeout as sleep } from "node:timers/promises";
import { baseName } from "../../workflow/names";
import type { Environment } from "../account/environment";
import { relevantLines } from "./end-of-log";
import { endpointStreams, LogTail } from "./log-tail";
import { placeInScript } from "./script-error";

const lookEveryMilliseconds = 500;

/** Shows each exception that requests cause in a workflow's endpoint from now on, until a promise settles. */
export async function showEndpointErrorsUntil<T>(
  settled: Promise<T>,
  environment: Pick<Environment, "aws" | "workflow">,
  print: (text: string) => void,
): Promise<T> {
  const ended = new AbortController();
  void showEndpointErrors(environment, print, ended.signal);
  try {
    return await settled;
  } finally {
    ended.abort();
  }
}

async function showEndpointErrors(
  { aws, workflow }: Pick<Environment, "aws" | "workflow">,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const tail = new LogTail(aws, () => endpointStreams(aws, baseName(workflow)));
  const tracebacks = new Tracebacks();
  // A log that cannot be read is no reason to end: it is shown for information only.
  const newLines = (limit?: number) => tail.lines(limit).catch(() => []);
  await newLines(0);
  while (!signal.aborted) {
    await sleep(lookEveryMilliseconds, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    for (const lines of tracebacks.add(await newLines())) {
      const place = placeInScript(lines, workflow, "inference");
      const title = `A request failed in the endpoint${place === undefined ? "" : `: ${place}`}`;
      print([title, ...relevantLines(lines).map((line) => `  ${line}`)].join("\n"));
    }
  }
}

/** Finds whole tracebacks in lines that come one after the other. */
export class Tracebacks {
  #open: string[] | undefined;

  /** Takes more lines, and returns the tracebacks that have ended with them. */
  add(lines: readonly string[]): string[][] {
    const ended: string[][] = [];
    for (const line of lines) {
      if (line.startsWith("Traceback ")) {
        this.#open = [line];
        continue;
      }
      this.#open?.push(line);
      // The exception is the first line after the frames that is not indented.
      if (this.#open === undefined || /^\s/.test(line)) continue;
      ended.push(this.#open);
      this.#open = undefined;
    }
    return ended;
  }
}
