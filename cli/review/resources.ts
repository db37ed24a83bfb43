import {
  type Action,
  actionOf,
  managedChanges,
  type Plan,
  type ResourceChange,
  readableName,
  type Synthesized,
} from "../terraform/plan-json";
import { hidden, isMarked, shortPair } from "./values";

/** The change of one resource. */
export interface ResourceSummary {
  readonly action: Exclude<Action, "none">;
  readonly type: string;
  readonly name: string;
  /** Attributes that change, or that force the replacement. */
  readonly attributes: readonly AttributeChange[];
  /** Why Terraform recreates or removes it, if no changed attribute explains it. */
  readonly reason?: string;
}

export interface AttributeChange {
  readonly attribute: string;
  /** Short texts, if both are plain values; never for sensitive values. */
  readonly before?: string;
  readonly after?: string;
}

/** A resource that was changed outside Terraform, and that the deploy reverts. */
export interface Drift {
  readonly type: string;
  readonly name: string;
  /** Absent if the resource was deleted. */
  readonly attributes?: readonly AttributeChange[];
}

const reasonTexts: Readonly<Record<string, string>> = {
  replace_because_tainted: "its last creation did not finish",
  replace_by_request: "as requested",
  replace_by_triggers: "another resource triggers it",
  delete_because_no_resource_config: "the stack no longer contains it",
};

/** Attributes with documents, which have their own sections. */
const documents = new Set(["definition", "policy", "assume_role_policy", "inline_policy"]);

/** Lists the resources that a deploy changes, the most severe changes first. */
export function resourceSummaries(plan: Plan, stack: Synthesized): ResourceSummary[] {
  const order: readonly Action[] = ["destroy", "replace", "forget", "change", "add"];
  return managedChanges(plan)
    .flatMap((resource): ResourceSummary[] => {
      const action = actionOf(resource.change);
      if (action === "none") return [];
      return [
        {
          action,
          type: resource.type,
          name: readableName(resource, stack),
          attributes: changedAttributes(resource, action),
          reason: reasonTexts[resource.action_reason ?? ""],
        },
      ];
    })
    .sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
}

function changedAttributes(resource: ResourceChange, action: Action): AttributeChange[] {
  const { change } = resource;
  if (action === "replace") {
    const names = new Set((change.replace_paths ?? []).map(([name]) => String(name)));
    return [...names].map((name) => attributeChange(change, name));
  }
  if (action !== "change") return [];
  return changedNames(resource).map((name) => attributeChange(change, name));
}

/** Attributes with a known new value, and documents; other unknown values follow from them. */
function changedNames({ change: { before, after, after_unknown: unknown } }: ResourceChange): string[] {
  return Object.keys({ ...before, ...after }).filter(
    (name) =>
      // `tags_all` repeats `tags`.
      name !== "tags_all" &&
      (documents.has(name) || !isMarked(unknown, name)) &&
      filled(before?.[name]) !== filled(after?.[name]),
  );
}

/** Normalizes a value for comparison: AWS returns nothing for an empty value. */
function filled(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return ['""', "[]", "{}"].includes(text) ? "null" : text;
}

function attributeChange(change: ResourceChange["change"], attribute: string): AttributeChange {
  if (isMarked(change.before_sensitive, attribute) || isMarked(change.after_sensitive, attribute)) {
    return { attribute, before: hidden, after: hidden };
  }
  const [before, after] = [change.before, change.after].map((values) => {
    const value = values?.[attribute];
    return value === null || value === undefined || value === "" ? "none" : value;
  });
  if (documents.has(attribute) || typeof before === "object" || typeof after === "object")
    return { attribute };
  if (isMarked(change.after_unknown, attribute)) return { attribute };
  const [old, now] = shortPair(before, after);
  return { attribute, before: old, after: now };
}

/**
 * Lists changes made outside Terraform that this deploy reverts.
 *
 * Terraform also lists values that AWS sets after a deploy; no plan changes those.
 */
export function drifts(plan: Plan, stack: Synthesized): Drift[] {
  const planned = new Map(managedChanges(plan).map((change) => [change.address, change]));
  return plan.resource_drift.flatMap((drift): Drift[] => {
    const resource = planned.get(drift.address);
    if (resource === undefined) return [];
    const outline = { type: drift.type, name: readableName(drift, stack) };
    if (actionOf(drift.change) === "destroy") return [outline];
    const touched = new Set(changedNames(resource));
    const names = changedNames(drift).filter((name) => touched.has(name));
    return names.length === 0
      ? []
      : [{ ...outline, attributes: names.map((name) => attributeChange(drift.change, name)) }];
  });
}
