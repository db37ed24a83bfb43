/** IAM policies as single permissions, and the differences between two of them. */

import { mayBecome } from "./tokens";
import { isObject, literally } from "./values";

/** One action on one resource, by one principal, under one condition. */
export interface Permission {
  readonly effect: "Allow" | "Deny";
  readonly action: string;
  /** Absent in a trust policy. */
  readonly resource?: string;
  /** In resource policies and trust policies. */
  readonly principal?: string;
  /** `StringEquals aws:SourceAccount = 123456789012`; absent without a condition. */
  readonly condition?: string;
}

/** A group of permissions with the same resources, condition and so on. */
export interface PermissionGroup {
  readonly effect: Permission["effect"];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly principals: readonly string[];
  readonly condition?: string;
  /** Why the access is wider than before: `new action`, `*`, `without the condition`, and so on. */
  readonly wider: readonly string[];
}

export interface PermissionChanges {
  readonly granted: readonly PermissionGroup[];
  readonly withdrawn: readonly PermissionGroup[];
}

/** Lists the permissions in a policy document. */
export function permissionsIn(policy: unknown): Permission[] {
  if (!isObject(policy)) return [];
  const permissions = listOf(policy.Statement).flatMap((statement) =>
    isObject(statement) ? permissionsOf(statement) : [],
  );
  return [...new Map(permissions.map((permission) => [JSON.stringify(permission), permission])).values()];
}

function permissionsOf(statement: Record<string, unknown>): Permission[] {
  const effect = statement.Effect === "Deny" ? "Deny" : "Allow";
  const condition = conditionText(statement.Condition);
  const either = (name: string) =>
    statement[`Not${name}`] === undefined
      ? textsOf(statement[name])
      : [`all but ${textsOf(statement[`Not${name}`]).join(", ")}`];
  const resources = either("Resource");
  const principals = principalsOf(statement);
  return either("Action").flatMap((action) =>
    (resources.length === 0 ? [undefined] : resources).flatMap((resource) =>
      (principals.length === 0 ? [undefined] : principals).map((principal) => ({
        effect,
        action,
        resource,
        principal,
        condition,
      })),
    ),
  );
}

function principalsOf({ Principal, NotPrincipal }: Record<string, unknown>): string[] {
  if (NotPrincipal !== undefined) return [`all but ${principalsOf({ Principal: NotPrincipal }).join(", ")}`];
  if (isObject(Principal)) return Object.values(Principal).flatMap(textsOf);
  return textsOf(Principal);
}

function conditionText(condition: unknown): string | undefined {
  if (!isObject(condition)) return undefined;
  const parts = Object.entries(condition).flatMap(([operator, keys]) =>
    isObject(keys)
      ? Object.entries(keys).map(
          ([key, value]) => `${operator} ${key} = ${textsOf(value).sort().join(" | ")}`,
        )
      : [],
  );
  return parts.length === 0 ? undefined : parts.sort().join(" and ");
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(String);
}

/**
 * Compares two sets of permissions: what is granted, and what is withdrawn.
 *
 * @param isNew whether the role or policy is new: then only bare `*` are marked, because every action is new
 */
export function permissionChanges(
  before: readonly Permission[],
  after: readonly Permission[],
  isNew = false,
): PermissionChanges {
  const granted = after.filter((permission) => !before.some((old) => sameBut(old, permission, [])));
  const withdrawn = before.filter((old) => !after.some((permission) => sameBut(old, permission, [])));
  return {
    granted: groups(
      granted.map((permission) => [permission, widening(permission, before, withdrawn, isNew)]),
    ),
    withdrawn: groups(withdrawn.map((old) => [old, old.effect === "Deny" ? ["no longer denied"] : []])),
  };
}

/** Whether `before` may become `after`, apart from the fields in `ignored`. */
function sameBut(before: Permission, after: Permission, ignored: readonly (keyof Permission)[]): boolean {
  const fields = ["effect", "action", "resource", "principal", "condition"] as const;
  return fields.every((field) => {
    const [old, now] = [before[field], after[field]];
    return (
      ignored.includes(field) ||
      old === now ||
      (old !== undefined && now !== undefined && mayBecome(old, now))
    );
  });
}

function widening(
  permission: Permission,
  before: readonly Permission[],
  withdrawn: readonly Permission[],
  isNew: boolean,
): string[] {
  const { effect, action, resource, principal, condition } = permission;
  if (effect === "Deny") return [];
  const reasons: string[] = [];
  // In a key's policy, `*` means the key.
  const everything = resource === "*" && principal === undefined;
  const all = everything || action === "*" || action.endsWith(":*") || principal === "*";
  if (all) reasons.push("*");
  if (isNew) return reasons;
  reasons.push(...wideningOfResource(permission, before, withdrawn, all));
  if (principal !== undefined && !before.some((old) => old.principal === principal)) {
    reasons.push("new principal");
  }
  const conditioned = before.some(
    (old) => sameBut(old, permission, ["condition"]) && old.condition !== undefined,
  );
  if (condition === undefined && conditioned) reasons.push("without the condition");
  return reasons;
}

function wideningOfResource(
  permission: Permission,
  before: readonly Permission[],
  withdrawn: readonly Permission[],
  isAll: boolean,
): string[] {
  const { resource } = permission;
  const ignored = ["resource", "principal", "condition"] as const;
  const similar = before.filter((old) => sameBut(old, permission, ignored));
  if (similar.length === 0) return ["new action"];
  if (isAll || resource === undefined || similar.some((old) => covers(old.resource, resource))) return [];
  if (similar.some((old) => covers(resource, old.resource))) return ["wider resource"];
  // If it replaces a withdrawn resource, it is not an additional one.
  return withdrawn.some((old) => sameBut(old, permission, ignored)) ? [] : ["one more resource"];
}

/** Whether a resource pattern covers everything that another one covers. */
function covers(pattern: string | undefined, resource: string | undefined): boolean {
  if (pattern === undefined || resource === undefined) return false;
  const expression = pattern.split("*").map(literally).join(".*");
  return new RegExp(`^${expression}$`, "s").test(resource);
}

/** Groups permissions on the same resource, then resources with the same actions. */
function groups(permissions: readonly (readonly [Permission, readonly string[]])[]): PermissionGroup[] {
  const byResource = new Map<string, PermissionGroup>();
  for (const [{ effect, action, resource, principal, condition }, wider] of permissions) {
    const key = JSON.stringify([effect, resource, principal, condition, wider]);
    const group = byResource.get(key);
    byResource.set(key, {
      effect,
      actions: [...(group?.actions ?? []), action],
      resources: resource === undefined ? [] : [resource],
      principals: principal === undefined ? [] : [principal],
      condition,
      wider,
    });
  }
  const merged = new Map<string, PermissionGroup>();
  for (const group of byResource.values()) {
    const { effect, actions, principals, condition, wider } = group;
    const key = JSON.stringify([effect, actions, principals, condition, wider]);
    const known = merged.get(key);
    merged.set(key, { ...group, resources: [...(known?.resources ?? []), ...group.resources] });
  }
  return [...merged.values()];
}
