/** What Terraform does for long without saying why, by the type of the resource. */
const waitsFor: Readonly<Record<string, string>> = {
  aws_s3_bucket_lifecycle_configuration: "until the rules have settled, about a minute",
};

const resource =
  /(?:^|\s)([a-z]\w*)\.\S+(?: \(([\w/-]+)\))?: ((?:Still )?(?:creating|modifying|destroying)\.\.\.(?: \[[^\]]*\])?|(?:creation|modifications|destruction) complete after \w+)/i;

/** The line to show for a line that cdktf prints while it deploys or destroys; undefined if it is no progress. */
export function progressLine(line: string): string | undefined {
  const [, type = "", path, what = ""] = resource.exec(line) ?? [];
  if (what !== "") {
    const reason = what.startsWith("Still") ? waitsFor[type] : undefined;
    return `  ${path ?? type}: ${what}${reason === undefined ? "" : `, ${reason}`}`;
  }
  const [, stack] = /^([\w-]+) {2}Initializing the backend/.exec(line) ?? [];
  if (stack !== undefined) return `${stack}: initializing`;
  const [plan] = /\bPlan: \d+ to add.*/.exec(line) ?? [];
  if (plan !== undefined) return plan;
  return /^\s*(?:[\w-]+ {2})?(?:Apply|Destroy) complete!/.test(line) ? line.trimStart() : undefined;
}
