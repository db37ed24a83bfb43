import { sum } from "../costs/text";
import type { PermissionGroup } from "./permissions";
import { type CostChange, type Review, type ReviewInput, readPlans, type StackReview } from "./read-plans";
import type { AttributeChange, ResourceSummary } from "./resources";
import type { AccessChange } from "./roles";
import type { StateMachineChange } from "./state-machines";
import {
  type Line,
  longestComment,
  markdown,
  plainText,
  type Section,
  type Span,
  value,
  values,
} from "./text";
import { withoutMarks } from "./tokens";
import { type Difference, isObject, short, shortPair } from "./values";

/** How many differences of one state are listed; the rest is counted. */
const listedDifferences = 8;

/** The hidden line by which the GitHub workflow finds the comment to update. */
function commentMarker(environment: string): string {
  return `<!-- review:${environment} -->`;
}

/**
 * Formats the review of one environment as a Markdown comment, short enough for GitHub.
 *
 * @throws Error if a plan or a stack is not in the format of Terraform and CDKTF
 */
export function reviewComment(input: ReviewInput): string {
  const marker = `${commentMarker(input.environment)}\n`;
  return marker + markdown(reviewSections(readPlans(input)), longestComment - marker.length);
}

/**
 * Formats the same review as plain text for a terminal.
 *
 * @throws Error if a plan or a stack is not in the format of Terraform and CDKTF
 */
export function reviewSummary(input: ReviewInput): string {
  return plainText(reviewSections(readPlans(input)));
}

/** The review's sections, most important first, so that a cut removes the least important. */
function reviewSections(found: Review): Section[] {
  const { environment, stacks, waiting } = found;
  if (!found.hasChanges) return [{ title: [value(environment)], lines: [{ spans: ["No changes."] }] }];
  const of = (title: string, lines: (stack: StackReview) => readonly Line[]): Section[] =>
    stacks.flatMap((stack) => {
      const below = lines(stack);
      return below.length === 0 ? [] : [{ title: [title, " in ", value(stack.name)], lines: below }];
    });
  const listed = (actions: readonly ResourceSummary["action"][]) => (stack: StackReview) =>
    stack.resources.filter(({ action }) => actions.includes(action)).map(resourceLine);
  return [
    {
      title: [value(environment), `: ${counts(stacks)}`],
      lines: [
        ...warnings(stacks),
        ...waiting.map(({ name, after }) => ({ spans: [value(name), ": after ", value(after)] })),
      ],
    },
    ...of("Destroyed and replaced", listed(["destroy", "replace", "forget"])),
    ...of("Permissions", ({ access }) => access.map(accessLine)),
    ...of("State machine", ({ stateMachines }) => stateMachines.map(stateMachineLine)),
    ...of("Estimated cost", ({ resources, cost }) =>
      resources.length === 0 || cost === undefined ? [] : costLines(cost),
    ),
    ...of("Changed outside Terraform, reverted by this deploy", ({ drifts }) =>
      drifts.map(({ type, name, attributes }) => ({
        spans: [value(`${type} ${name}`), attributes === undefined ? ": deleted" : ""],
        lines: (attributes ?? []).map(attributeLine),
      })),
    ),
    ...of("Changed and added", listed(["change", "add"])),
    ...of("Outputs", ({ outputs }) => (outputs.length === 0 ? [] : [{ spans: values(outputs) }])),
  ].filter(({ lines }, i) => i === 0 || lines.length > 0);
}

function counts(stacks: readonly StackReview[]): string {
  const count = (action: ResourceSummary["action"]) =>
    stacks.flatMap(({ resources }) => resources).filter((resource) => resource.action === action).length;
  return `${count("add")} to add, ${count("change")} to change, ${count("replace")} to replace, ${count("destroy")} to destroy`;
}

function warnings(stacks: readonly StackReview[]): Line[] {
  const wider = stacks.flatMap(({ access }) => access).filter((change) => change.wider);
  const replaced = stacks
    .flatMap(({ resources }) => resources)
    // New code always has a new key.
    .filter(({ action, type }) => action === "replace" && type !== "aws_s3_object");
  return [
    ...(wider.length === 0
      ? []
      : [{ spans: ["⚠ check the permissions of ", ...values(wider.map(({ name }) => name))] }]),
    ...(replaced.length === 0
      ? []
      : [{ spans: ["⚠ destroyed and recreated: ", ...values(replaced.map(({ name }) => name))] }]),
  ];
}

const actionWords = {
  add: "add",
  change: "change",
  replace: "⚠ replace",
  destroy: "destroy",
  forget: "no longer managed, left in place",
} as const;

function resourceLine({ action, type, name, attributes, reason }: ResourceSummary): Line {
  const because = action === "replace" && attributes.length > 0 ? ", because of changes to" : "";
  return {
    spans: [
      `${actionWords[action]} `,
      value(`${type} ${name}`),
      because,
      reason === undefined ? "" : `, ${reason}`,
    ],
    lines: attributes.map(attributeLine),
  };
}

function attributeLine({ attribute, before, after }: AttributeChange): Line {
  return before === undefined || after === undefined
    ? { spans: [value(attribute)] }
    : { spans: [value(attribute), ": ", value(before), " → ", value(after)] };
}

function accessLine(change: AccessChange): Line {
  const { kind, name, action, permissions, trust, boundary, attached, detached } = change;
  const what = kind === "role" ? "role " : "policy of ";
  if (action === "destroy" && kind === "role") {
    return { spans: [what, value(name), ": destroyed with its permissions"] };
  }
  const lines: Line[] = [
    ...permissions.granted.map((group) => groupLine("granted", group)),
    ...permissions.withdrawn.map((group) => groupLine("withdrawn", group)),
    ...trust.granted.map((group) => groupLine("may now assume it", group)),
    ...trust.withdrawn.map((group) => groupLine("may no longer assume it", group)),
    ...attached.map((arn) => ({ spans: ["⚠ managed policy attached: ", value(arn)] })),
    ...detached.map((arn) => ({ spans: ["managed policy detached: ", value(arn)] })),
    ...change.unreadable.map((reason) => ({ spans: [`a policy cannot be compared: ${reason}`] })),
  ];
  if (boundary !== undefined) {
    const { before, after } = boundary;
    lines.push({
      spans: [
        after === undefined ? "⚠ permissions boundary removed: " : "permissions boundary: ",
        ...(before === undefined ? [] : [value(before)]),
        before === undefined || after === undefined ? "" : " → ",
        ...(after === undefined ? [] : [value(after)]),
      ],
    });
  }
  return { spans: [what, value(name), action === "add" ? ", new" : ""], lines };
}

function groupLine(verb: string, group: PermissionGroup): Line {
  const { effect, actions, resources, principals, condition, wider } = group;
  const shown = (texts: readonly string[]) => values(texts.map(withoutMarks));
  // `sts:AssumeRole` is implied.
  const what = principals.length > 0 && resources.length === 0 ? shown(principals) : shown(actions);
  const spans: Span[] = [
    wider.length > 0 ? `⚠ ${verb} (` : `${verb}`,
    ...(wider.length > 0 ? [...wordsOf(wider), ")"] : []),
    effect === "Deny" ? " as Deny: " : ": ",
    ...what,
  ];
  if (resources.length > 0) spans.push(" on ", ...shown(resources));
  if (principals.length > 0 && resources.length > 0) spans.push(" by ", ...shown(principals));
  if (condition !== undefined) spans.push(" if ", value(withoutMarks(condition)));
  return { spans };
}

/** Joins reasons with commas; a bare `*` is shown as a value. */
function wordsOf(reasons: readonly string[]): Span[] {
  return reasons.flatMap((reason, i) => [i === 0 ? "" : ", ", reason === "*" ? value(reason) : reason]);
}

function stateMachineLine(machine: StateMachineChange): Line {
  const { name, action, settings, added, removed, changed, unreadable } = machine;
  if (unreadable !== undefined) {
    return { spans: [value(name), `: its definition cannot be compared: ${unreadable}`] };
  }
  if (action === "destroy") return { spans: [value(name), ": destroyed"] };
  if (action === "add") return { spans: [value(name), ", new, with the states ", ...values(added)] };
  const lines: Line[] = [
    ...settings.map(differenceLine),
    ...(added.length === 0 ? [] : [{ spans: ["added: ", ...values(added)] }]),
    ...(removed.length === 0 ? [] : [{ spans: ["removed: ", ...values(removed)] }]),
    ...changed.map(({ state, differences, changesWith }) => ({
      spans: [
        "changed: ",
        value(state),
        ...(changesWith.length === 0 ? [] : [", changes with ", ...values(changesWith)]),
      ],
      lines: [
        ...differences.slice(0, listedDifferences).map(differenceLine),
        ...(differences.length > listedDifferences
          ? [{ spans: [`and ${differences.length - listedDifferences} more`] }]
          : []),
      ],
    })),
  ];
  if (lines.length === 0) return { spans: [value(name), ": states unchanged"] };
  return { spans: [value(name)], lines };
}

function differenceLine({ path, before, after }: Difference): Line {
  if (before === undefined) return { spans: [value(path), " added: ", value(short(readable(after)))] };
  if (after === undefined) return { spans: [value(path), " removed: ", value(short(readable(before)))] };
  const [old, now] = shortPair(readable(before), readable(after));
  return { spans: [value(path), ": ", value(old), " → ", value(now)] };
}

/** Replaces the marks of values known only after the deploy. */
function readable(json: unknown): unknown {
  if (typeof json === "string") return withoutMarks(json);
  if (Array.isArray(json)) return json.map(readable);
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, readable(item)]));
}

/** The sums of `npm run estimate`, before and after the deploy. */
function costLines({ before, after }: CostChange): Line[] {
  const sums = (pick: "idlePerMonth" | "perRun") =>
    [before, after].map((found) =>
      found === undefined ? undefined : sum(found[pick], pick === "perRun" ? found.run : found.idle),
    );
  const change = ([old, now]: (string | undefined)[]) =>
    old === now ? `${now}, unchanged` : [old ?? "nothing", now ?? "nothing"].join(" → ");
  const missing = (after ?? before)?.missing ?? [];
  return [
    { spans: [`per month while idle, with the endpoint in service: ${change(sums("idlePerMonth"))}`] },
    { spans: [`per run: ${change(sums("perRun"))}`] },
    ...missing.map((line) => ({ spans: ["not in these sums: ", value(line)] })),
  ];
}
