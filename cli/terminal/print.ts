/** Output to the terminal. Data, logs, causes and AWS may contain characters that move the cursor or reverse text. */

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

/** Writes a JSON document; characters that do not print are escaped. */
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
