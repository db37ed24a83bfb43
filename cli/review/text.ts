/** A review as sections of lines, and their form in Markdown and on a terminal. */

import { printable } from "../terminal/print";

/** A text of this project, or an external value, which is shown literally. */
export type Span = string | { readonly value: string };

export interface Line {
  readonly spans: readonly Span[];
  /** Nested lines. */
  readonly lines?: readonly Line[];
}

export interface Section {
  readonly title: readonly Span[];
  readonly lines: readonly Line[];
}

/** An external value, on one line. */
export function value(text: string): Span {
  return { value: printable(text.replace(/\s*\n\s*/g, " ")) };
}

/** Joins values with commas. */
export function values(texts: readonly string[]): Span[] {
  return texts.flatMap((text, i) => (i === 0 ? [value(text)] : [", ", value(text)]));
}

/** The maximum length of a comment on GitHub. */
export const longestComment = 65_536;

/** Space for the note about the cut. */
const noteLength = 200;

/**
 * Formats the sections as Markdown.
 *
 * @param length maximum length; the end is cut off, with a note
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
  const note = `… ${lines.length - kept} more lines do not fit into a comment; run the review on your machine to see them.`;
  return `${[...lines.slice(0, kept), "", note].join("\n")}\n`;
}

/** Formats the sections as plain text. */
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

/** Escapes what GitHub would read as Markdown, HTML, a mention or a reference. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>#@~|]/g, "\\$&");
}

/** Formats a code span, with a fence longer than any run of backticks inside. */
function code(text: string): string {
  const longestRun = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longestRun + 1);
  const pad = /^`|`$|^ .* $/.test(text) || text === "" ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}
