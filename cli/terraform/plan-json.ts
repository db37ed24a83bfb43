/** The parts of Terraform's JSON plan that a review reads, and the stack that CDKTF synthesized for it. */

import { z } from "zod";

const valuesSchema = z.record(z.string(), z.unknown()).nullish();

const changeSchema = z.object({
  actions: z.array(z.enum(["no-op", "create", "read", "update", "delete", "forget"])),
  before: valuesSchema,
  after: valuesSchema,
  /** `true` for each value that is known only after the deploy. */
  after_unknown: z.unknown().optional(),
  before_sensitive: z.unknown().optional(),
  after_sensitive: z.unknown().optional(),
  replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).optional(),
});

const resourceChangeSchema = z.object({
  address: z.string(),
  mode: z.enum(["managed", "data"]),
  type: z.string(),
  name: z.string(),
  action_reason: z.string().optional(),
  change: changeSchema,
});

const planSchema = z.object({
  // https://developer.hashicorp.com/terraform/internals/json-format: minor versions only add.
  format_version: z.string().regex(/^1\./, "must be 1.x, as Terraform 1.1 and newer write it"),
  resource_changes: z.array(resourceChangeSchema).default([]),
  resource_drift: z.array(resourceChangeSchema).default([]),
  output_changes: z.record(z.string(), z.object({ actions: changeSchema.shape.actions })).default({}),
  prior_state: z
    .object({
      values: z
        .object({
          root_module: z
            .object({
              resources: z
                .array(
                  z.object({
                    address: z.string(),
                    values: z.record(z.string(), z.unknown()),
                    sensitive_values: z.unknown().optional(),
                  }),
                )
                .default([]),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
  errored: z.boolean().default(false),
});

const synthesizedSchema = z.object({
  resource: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
});

export type Plan = z.output<typeof planSchema>;
export type ResourceChange = z.output<typeof resourceChangeSchema>;
type Change = ResourceChange["change"];
/** `cdk.tf.json` of one stack. */
export type Synthesized = z.output<typeof synthesizedSchema>;

/** A resource in `cdk.tf.json`: values and tokens such as `${aws_s3_bucket.Data.arn}`. */
export type SynthesizedResource = Synthesized["resource"][string][string];

/**
 * Checks the output of `terraform show -json <plan>`.
 *
 * @throws Error that names the stack and the problem
 */
export function parsePlan(stack: string, json: unknown): Plan {
  const result = planSchema.safeParse(json);
  if (!result.success) {
    throw new Error(
      `The plan of ${stack} must be the output of \`terraform show -json\` of Terraform 1.1 or newer:\n${z.prettifyError(result.error)}`,
    );
  }
  if (result.data.errored) {
    throw new Error(`Terraform did not finish the plan of ${stack}: run it again and check its errors`);
  }
  return result.data;
}

/**
 * Checks a stack's `cdk.tf.json`.
 *
 * @throws Error that names the stack and the problem
 */
export function parseSynthesized(stack: string, json: unknown): Synthesized {
  const result = synthesizedSchema.safeParse(json);
  if (!result.success) {
    throw new Error(`cdk.tf.json of ${stack} must be a CDKTF stack:\n${z.prettifyError(result.error)}`);
  }
  return result.data;
}

/** Returns the resource of a Terraform address; undefined if the stack no longer contains it. */
export function synthesizedResource(stack: Synthesized, address: string): SynthesizedResource | undefined {
  const [type = "", name = ""] = address.split(".");
  return stack.resource[type]?.[name];
}

/** The action on a resource. */
export type Action = "add" | "change" | "replace" | "destroy" | "forget" | "none";

export function actionOf({ actions }: Change): Action {
  if (actions.includes("create")) return actions.includes("delete") ? "replace" : "add";
  if (actions.includes("update")) return "change";
  if (actions.includes("delete")) return "destroy";
  return actions.includes("forget") ? "forget" : "none";
}

/** Changes of managed resources, without data sources. */
export function managedChanges({ resource_changes: changes }: Plan): ResourceChange[] {
  return changes.filter(({ mode }) => mode === "managed");
}

/** The name of a resource as its construct's path, without the stack: `Workflow/StateMachine/Role`. */
export function readableName({ address, name }: ResourceChange, stack: Synthesized): string {
  const metadata = synthesizedResource(stack, address)?.["//"] as
    | { metadata?: { path?: string } }
    | undefined;
  const path = metadata?.metadata?.path;
  if (path !== undefined) return path.slice(path.indexOf("/") + 1).replace(/\/Resource$/, "");
  // CDKTF's ids end in a hash; a resource that the stack no longer contains has no path.
  return name.replace(/_[0-9A-F]{8}$/, "").replaceAll("_", "/");
}
