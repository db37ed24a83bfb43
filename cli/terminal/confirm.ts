import { createInterface } from "node:readline/promises";
import { UsageError } from "./errors";

/** Fails where a question could not be answered: nobody is there, and `--yes` was not given. */
export function requireAnswer(yes: boolean): void {
  if (!yes && !process.stdin.isTTY) {
    throw new UsageError("Nobody is there to be asked: give --yes to go on without asking");
  }
}

/** Asks on the terminal; anything but yes is no. */
export async function confirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${question} [y/N] `);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}
