import { Lazy } from "cdktf";

/** Text with many references, for which CDKTF would search the rest of the text after each one for characters to escape. */
export function longText(text: string): string {
  return Lazy.stringValue({
    produce: (context) => text.replace(/\$\{TfToken\[[^\]]+\]\}/g, (reference) => context.resolve(reference)),
  });
}
