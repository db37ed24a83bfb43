/** What goes to the terminal. Data, logs, causes and clouds may hold what moves its cursor or turns its text. */

/** A text without control and bidirectional characters; its lines stay. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t\u200d]/gu, "");
}

/** Writes lines to standard output. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Writes lines to standard error: what happens, and what went wrong. */
export function printToStderr(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Writes a document for machines; what does not print is escaped in it. */
export function printJson(document: unknown): void {
  const text = JSON.stringify(document, null, 2);
  process.stdout.write(
    `${text.replace(/[^\P{C}\n]/gu, (found) =>
      [...Array(found.length).keys()]
        .map((i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, "0")}`)
        .join(""),
    )}\n`,
  );
}
