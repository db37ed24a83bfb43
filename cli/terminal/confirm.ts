import { createInterface } from "node:readline/promises";
import { UsageError } from "./errors";

/**
 * Checks that the command can ask for confirmation, before a long operation; `agreed` also checks this.
 *
 * @throws UsageError if the terminal is not interactive and `--yes` is not set
 */
export function requireAnswer(yes: boolean): void {
  if (!yes && !process.stdin.isTTY) {
    throw new UsageError("Not an interactive terminal: pass --yes to continue without confirmation");
  }
}

/**
 * Whether the user agrees: asked on the terminal, or said with `--yes`.
 *
 * @throws UsageError if the terminal is not interactive
 */
export async function agreed(question: string, yes: boolean): Promise<boolean> {
  requireAnswer(yes);
  return yes || (await confirmed(question));
}

/** Asks on the terminal; any answer but yes counts as no. */
export async function confirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${question} [y/N] `);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}
