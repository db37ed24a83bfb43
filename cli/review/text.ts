/** A review as sections of lines, and how they look in Markdown and on a terminal. */

import { printable } from "../terminal/print";

/** Words of ours, or a value from elsewhere, which is shown as it is. */
export type Span = string | { readonly value: string };

export interface Line {
  readonly spans: readonly Span[];
  /** Lines below this one. */
  readonly lines?: readonly Line[];
}

export interface Section {
  readonly title: readonly Span[];
  readonly lines: readonly Line[];
}

/** A value from elsewhere, on one line. */
export function value(text: string): Span {
  return { value: printable(text.replace(/\s*\n\s*/g, " ")) };
}

/** Values in a row, with commas between them. */
export function values(texts: readonly string[]): Span[] {
  return texts.flatMap((text, i) => (i === 0 ? [value(text)] : [", ", value(text)]));
}

/** GitHub refuses a longer comment. */
export const longestComment = 65_536;

/** Room for the note that tells of the cut. */
const noteLength = 200;

/**
 * The sections as Markdown.
 *
 * @param length longest text; what comes last is cut off first, and a note says so
 */
export function markdown(sections: readonly Section[], length = longestComment): string {
  const lines = sections.flatMap(({ title, lines: below }, i) => [
    ...(i === 0 ? [] : [""]),
    `${i === 0 ? "##" : "###"} ${spansInMarkdown(title)}`,
    ...(below.length === 0 ? [] : [""]),
    ...bullets(below, spansInMarkdown),
  ]);
  const text = `${lines.join("\n")}\n`;
  if (text.length <= length) return text;
  let size = noteLength;
  let kept = 0;
  for (const line of lines) {
    if (size + line.length + 1 > length) break;
    size += line.length + 1;
    kept += 1;
  }
  const note = `… ${lines.length - kept} more lines do not fit into a comment; run the review on your machine to read them.`;
  return `${[...lines.slice(0, kept), "", note].join("\n")}\n`;
}

/** The sections as plain text. */
export function plainText(sections: readonly Section[]): string {
  const plain = (spans: readonly Span[]) =>
    spans.map((span) => (typeof span === "string" ? span : span.value)).join("");
  return sections
    .map(({ title, lines }) => [plain(title), ...bullets(lines, plain, "  ")].join("\n"))
    .join("\n\n");
}

function bullets(lines: readonly Line[], write: (spans: readonly Span[]) => string, indent = ""): string[] {
  return lines.flatMap(({ spans, lines: below = [] }) => [
    `${indent}- ${write(spans)}`,
    ...bullets(below, write, `${indent}  `),
  ]);
}

function spansInMarkdown(spans: readonly Span[]): string {
  return spans.map((span) => (typeof span === "string" ? escaped(span) : code(span.value))).join("");
}

/** What GitHub would read as Markdown, HTML, a mention or a reference. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>#@~|]/g, "\\$&");
}

/** A code span; its fence is longer than any run of backticks inside. */
function code(text: string): string {
  const longestRun = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longestRun + 1);
  const pad = /^`|`$|^ .* $/.test(text) || text === "" ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}
