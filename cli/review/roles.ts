import {
  type Action,
  actionOf,
  managedChanges,
  type Plan,
  type ResourceChange,
  readableName,
  type Synthesized,
  synthesizedResource,
} from "../terraform/plan-json";
import { documentAfter, documentBefore, type JsonDocument } from "./documents";
import { type Permission, type PermissionChanges, permissionChanges, permissionsIn } from "./permissions";
import type { Tokens } from "./tokens";
import { hidden, isMarked } from "./values";

/** The changes of one role, or of one resource's policy. */
export interface AccessChange {
  readonly kind: "role" | "policy of a resource";
  readonly name: string;
  /** The change of the role or the policy itself. */
  readonly action: Action;
  readonly permissions: PermissionChanges;
  /** Changes of the trust policy. */
  readonly trust: PermissionChanges;
  readonly boundary?: { readonly before?: string; readonly after?: string };
  /** Managed policies, by ARN. */
  readonly attached: readonly string[];
  readonly detached: readonly string[];
  readonly unreadable: readonly string[];
  /** Whether any access is wider than before. */
  readonly wider: boolean;
}

interface Collected {
  role?: ResourceChange;
  policies: ResourceChange[];
  attachments: ResourceChange[];
}

/** Lists the changes of roles and resource policies, without unchanged ones. */
export function accessChanges(plan: Plan, stack: Synthesized, tokens: Tokens): AccessChange[] {
  const changes = managedChanges(plan);
  const roles = changes.filter(({ type }) => type === "aws_iam_role");
  const collected = new Map<string, Collected>();
  const of = (key: string) => {
    const known = collected.get(key) ?? { policies: [], attachments: [] };
    collected.set(key, known);
    return known;
  };
  for (const role of roles) of(role.address).role = role;
  for (const change of changes) {
    if (change.type === "aws_iam_role_policy") of(roleOf(change, roles, stack)).policies.push(change);
    if (change.type === "aws_iam_role_policy_attachment") {
      of(roleOf(change, roles, stack)).attachments.push(change);
    }
  }
  const read = (change: ResourceChange, attribute: string) => ({
    before: documentBefore(change, attribute),
    after: documentAfter(change, attribute, stack, tokens),
  });
  return [
    ...[...collected].map(([key, parts]) => roleChange(key, parts, stack, read)),
    ...changes
      .filter((change) => isResourcePolicy(change) && !goesWithItsResource(change, changes))
      .map((change) => resourcePolicyChange(change, stack, read)),
  ]
    .filter(({ permissions, trust, ...change }) => {
      const lists = [permissions, trust].flatMap(({ granted, withdrawn }) => [...granted, ...withdrawn]);
      const changes = [...lists, ...change.attached, ...change.detached, ...change.unreadable];
      return changes.length > 0 || change.boundary !== undefined;
    })
    .sort((a, b) => Number(b.wider) - Number(a.wider));
}

type Read = (change: ResourceChange, attribute: string) => { before: JsonDocument; after: JsonDocument };

/** The address of the role that a policy belongs to; its name if the stack does not contain the role. */
function roleOf(policy: ResourceChange, roles: readonly ResourceChange[], stack: Synthesized): string {
  const written = synthesizedResource(stack, policy.address)?.role;
  const address =
    typeof written === "string" ? /^\$\{(aws_iam_role\.[\w-]+)\.\w+\}$/.exec(written)?.[1] : undefined;
  if (address !== undefined) return address;
  const name = policy.change.before?.role ?? policy.change.after?.role;
  const role = roles.find(({ change }) => (change.before ?? change.after)?.name === name);
  return role?.address ?? String(name);
}

function roleChange(
  key: string,
  { role, policies, attachments }: Collected,
  stack: Synthesized,
  read: Read,
): AccessChange {
  const action = role === undefined ? "none" : actionOf(role.change);
  const isNew = action === "add";
  const documents = policies.map((policy) => read(policy, "policy"));
  const trust = role === undefined ? undefined : read(role, "assume_role_policy");
  const permissions = changesOf(documents, isNew);
  const trusted = changesOf(trust === undefined ? [] : [trust], isNew);
  const boundary = role === undefined ? undefined : boundaryChange(role);
  const arns = (when: "before" | "after") =>
    attachments.map(({ change }) => change[when]?.policy_arn).filter((arn) => typeof arn === "string");
  const attached = arns("after").filter((arn) => !arns("before").includes(arn));
  const dropped = boundary?.before !== undefined && boundary.after === undefined;
  return {
    kind: "role",
    name: role === undefined ? key : readableName(role, stack),
    action,
    permissions,
    trust: trusted,
    boundary,
    attached,
    detached: arns("before").filter((arn) => !arns("after").includes(arn)),
    unreadable: reasons([...documents, ...(trust === undefined ? [] : [trust])]),
    wider: dropped || attached.length > 0 || isWider(permissions) || isWider(trusted),
  };
}

function boundaryChange({ change }: ResourceChange): AccessChange["boundary"] {
  const attribute = "permissions_boundary";
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const before = isMarked(change.before_sensitive, attribute) ? hidden : text(change.before?.[attribute]);
  let after = isMarked(change.after_sensitive, attribute) ? hidden : text(change.after?.[attribute]);
  if (isMarked(change.after_unknown, attribute)) after = "(known after the deploy)";
  return before === after ? undefined : { before, after };
}

/** Other resources with a policy: buckets, topics, keys. */
function isResourcePolicy({ type, change }: ResourceChange): boolean {
  if (type === "aws_iam_role_policy" || actionOf(change) === "none") return false;
  return type === "aws_kms_key" || type === "aws_iam_policy" || type.endsWith("_policy");
}

/** Whether the resource is destroyed together with its policy, which then has no effect. */
function goesWithItsResource(policy: ResourceChange, changes: readonly ResourceChange[]): boolean {
  const gone = (change: ResourceChange) => actionOf(change.change) === "destroy";
  return (
    gone(policy) &&
    changes.some(
      (change) => change !== policy && gone(change) && change.change.before?.id === policy.change.before?.id,
    )
  );
}

function resourcePolicyChange(change: ResourceChange, stack: Synthesized, read: Read): AccessChange {
  const document = read(change, "policy");
  const action = actionOf(change.change);
  const permissions = changesOf([document], action === "add");
  return {
    kind: "policy of a resource",
    name: readableName(change, stack),
    action,
    permissions,
    trust: { granted: [], withdrawn: [] },
    attached: [],
    detached: [],
    unreadable: reasons([document]),
    wider: isWider(permissions),
  };
}

function changesOf(
  documents: readonly { readonly before: JsonDocument; readonly after: JsonDocument }[],
  isNew: boolean,
): PermissionChanges {
  // A partial comparison would report everything as granted or withdrawn.
  const readable = documents.filter(({ before, after }) => !before.unreadable && !after.unreadable);
  const all = (when: "before" | "after"): Permission[] =>
    readable.flatMap((document) => permissionsIn(document[when].json));
  return permissionChanges(all("before"), all("after"), isNew);
}

function reasons(
  documents: readonly { readonly before: JsonDocument; readonly after: JsonDocument }[],
): string[] {
  return documents
    .map(({ before, after }) => before.unreadable ?? after.unreadable)
    .filter((reason) => reason !== undefined);
}

function isWider({ granted, withdrawn }: PermissionChanges): boolean {
  return [...granted, ...withdrawn].some(({ wider }) => wider.length > 0);
}
