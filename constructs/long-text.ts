import { Lazy } from "cdktf";

/** Text with many references: CDKTF would search all that follows each of them for what has to be escaped. */
export function longText(text: string): string {
  return Lazy.stringValue({
    produce: (context) => text.replace(/\$\{TfToken\[[^\]]+\]\}/g, (reference) => context.resolve(reference)),
  });
}
