/** Values of a plan: which are sensitive or unknown, and how they are shown in a line. */

/** Shown instead of a value that Terraform marks as sensitive. */
export const hidden = "(sensitive)";

/** Whether Terraform's map of marks has a mark at `key` or below. */
export function isMarked(marks: unknown, key: string): boolean {
  if (marks === true) return true;
  return typeof marks === "object" && marks !== null && anyTrue((marks as Record<string, unknown>)[key]);
}

function anyTrue(marks: unknown): boolean {
  if (typeof marks !== "object" || marks === null) return marks === true;
  return Object.values(marks).some(anyTrue);
}

/** Escapes a text for a regular expression. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Shortens a value to about `length` characters. */
export function short(value: unknown, length = 60): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === undefined ? "nothing" : clip(text, length);
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** How many characters to keep around the difference of two long texts. */
const context = 24;
const longest = 100;

/** Shortens two values; long texts are cut to where they differ. */
export function shortPair(before: unknown, after: unknown): [string, string] {
  if (typeof before !== "string" || typeof after !== "string") return [short(before), short(after)];
  if (before.length <= longest && after.length <= longest) return [before, after];
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const from = Math.max(0, start - context);
  const window = (text: string) => {
    const to = Math.min(text.length, text.length - end + context);
    const part = text.slice(from, to);
    const cut = part.length > 2 * longest;
    return `${from > 0 ? "…" : ""}${cut ? part.slice(0, 2 * longest) : part}${cut || to < text.length ? "…" : ""}`;
  };
  return [window(before), window(after)];
}

/** One difference between two JSON values. */
export interface Difference {
  /** `Arguments.ResourceConfig.InstanceType`, `Choices[0].Next`. */
  readonly path: string;
  /** Absent if the path is new. */
  readonly before?: unknown;
  /** Absent if the path was removed. */
  readonly after?: unknown;
}

/**
 * Lists the differences of two JSON values.
 *
 * @param same whether two different texts mean the same
 */
export function differences(
  before: unknown,
  after: unknown,
  same: (before: string, after: string) => boolean = () => false,
  path = "",
): Difference[] {
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key], same, path === "" ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, i) => differences(item, after[i], same, `${path}[${i}]`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (typeof before === "string" && typeof after === "string" && same(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return [{ path, ...itemsOnly(before, after) }];
  return [{ path, before, after }];
}

/** Compares two lists of different lengths: only the items that the other one does not have. */
function itemsOnly(
  before: readonly unknown[],
  after: readonly unknown[],
): Pick<Difference, "before" | "after"> {
  const without = (items: readonly unknown[], others: readonly unknown[]) => {
    const known = new Set(others.map((item) => JSON.stringify(item)));
    const left = items.filter((item) => !known.has(JSON.stringify(item)));
    return left.length === 0 ? undefined : left;
  };
  return { before: without(before, after), after: without(after, before) };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
