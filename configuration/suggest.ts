import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Suggests the known name that is closest to a misspelt one: `; did you mean dev?`, or nothing if none is close. */
export function suggestion(given: string, known: readonly string[]): string {
  const distances = known.map((name) => ({
    name,
    distance: editDistance(given.toLowerCase(), name.toLowerCase()),
  }));
  const [closest] = distances.sort((one, two) => one.distance - two.distance);
  if (closest === undefined || closest.distance > Math.max(1, given.length / 3)) return "";
  return `; did you mean ${closest.name}?`;
}

/** How many characters must be inserted, deleted or replaced, or neighbours swapped, to turn one text into the other. */
function editDistance(from: string, to: string): number {
  const rows = [[...Array(to.length + 1).keys()]];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= from.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped =
        from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? at(i - 2, j - 2) + 1
          : Number.POSITIVE_INFINITY;
      (rows[i] as number[]).push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(from.length, to.length);
}

/** Suggests a folder beside one that does not exist. */
export function suggestedFolder(missing: string): string {
  const parent = dirname(missing);
  let names: string[];
  try {
    names = readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => join(parent, entry.name));
  } catch {
    return "";
  }
  return suggestion(missing, names);
}
