/**
 * Trims a real plan to what a review reads: `npx tsx trim.ts <plan.json> <cdk.tf.json> [type to leave out] > <name>.json`.
 *
 * Nothing is rewritten: attributes, resources and whole branches that nobody reads are left out.
 */

import { readFileSync } from "node:fs";

type Values = Record<string, unknown>;
interface ResourceChange {
  address: string;
  mode: string;
  type: string;
  name: string;
  action_reason?: string;
  change: { actions: string[]; before: Values | null; after: Values | null } & Values;
}

/** Attributes that are read although they stay as they are: by tokens of other resources, and for the costs. */
const kept = ["arn", "bucket", "id", "memory_size", "name", "qualified_arn", "role"];
/** Of the synthesized stack: read where the plan does not know a value yet. */
const documents = ["definition", "policy", "assume_role_policy"];

const [planFile = "", stackFile = "", leftOut] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8"));
const stack = JSON.parse(readFileSync(stackFile, "utf8"));
const changes: ResourceChange[] = (plan.resource_changes ?? []).filter(
  ({ mode, type }: ResourceChange) => mode === "managed" && type !== leftOut,
);
const changing = new Set(changes.filter((c) => `${c.change.actions}` !== "no-op").map((c) => c.address));

const pick = (values: Values, names: readonly string[]) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

function trimmed({ address, mode, type, name, action_reason, change }: ResourceChange): ResourceChange {
  const { actions, before, after, after_unknown, before_sensitive, after_sensitive, replace_paths } = change;
  const names = Object.keys({ ...before, ...after }).filter(
    (key) => kept.includes(key) || JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]),
  );
  const values = { before: before && pick(before, names), after: after && pick(after, names) };
  const marks = changing.has(address)
    ? { after_unknown, before_sensitive, after_sensitive, replace_paths }
    : {};
  return { address, mode, type, name, action_reason, change: { actions, ...values, ...marks } };
}

/** Tokens of documents name data sources, too. */
const dataRead = (plan.prior_state?.values?.root_module?.resources ?? [])
  .filter((r: { mode: string; type: string }) => r.mode === "data" && r.type !== "archive_file")
  .map(({ address, values }: { address: string; values: Values }) => ({ address, values }));

const unknown = (address: string, attribute: string) => {
  const marks = changes.find((c) => c.address === address)?.change.after_unknown as Values | undefined;
  return marks?.[attribute] === true;
};
const resource = Object.fromEntries(
  Object.entries((stack.resource ?? {}) as Record<string, Record<string, Values>>).map(([type, named]) => [
    type,
    Object.fromEntries(
      Object.entries(named).map(([name, values]) => {
        const path = ((values["//"] as Values).metadata as Values).path;
        const read = documents.filter((attribute) => unknown(`${type}.${name}`, attribute));
        return [name, { "//": { metadata: { path } }, ...pick(values, ["role", ...read]) }];
      }),
    ),
  ]),
);

const output = {
  plan: {
    format_version: plan.format_version,
    resource_changes: changes.map(trimmed),
    resource_drift: (plan.resource_drift ?? []).map(trimmed),
    output_changes: plan.output_changes,
    prior_state: { values: { root_module: { resources: dataRead } } },
  },
  synthesized: { resource },
};
process.stdout.write(`${JSON.stringify(output, null, 2)}\n`);
