/** Output to the terminal. Data, logs, causes and AWS may contain characters that move the cursor or reverse text. */

import { renameSync, writeFileSync } from "node:fs";

/** Removes control and bidirectional characters from a text, except line breaks. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t\u200d]/gu, "");
}

/** Writes lines to standard output. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Writes lines to standard error: progress and errors. */
export function printToStderr(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Ends the process without a word when who reads its output has enough, as `head` does. */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

/** Where a command's result goes as JSON. */
export interface JsonOptions {
  /** To standard output, and nothing else. */
  readonly json: boolean;
  /** To a file, beside what is printed. */
  readonly output?: string;
}

/** Prints a command's result as text or as one JSON document, as the options say. */
export function printResult(document: unknown, text: () => string, options: JsonOptions): void {
  writeJson(document, options);
  if (!options.json) print(text());
}

/** Writes a JSON document where the options say; nowhere if they ask for none. */
export function writeJson(document: unknown, { json, output }: JsonOptions): void {
  const written = `${jsonText(document)}\n`;
  if (output !== undefined) {
    writeFileSync(`${output}.unfinished`, written);
    renameSync(`${output}.unfinished`, output);
  }
  if (json) process.stdout.write(written);
}

/** A JSON document; characters that do not print are escaped. */
function jsonText(document: unknown): string {
  return JSON.stringify(document, null, 2).replace(/[^\P{C}\n]/gu, (found) =>
    [...Array(found.length).keys()]
      .map((i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
