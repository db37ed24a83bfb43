import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlannedStack, ReviewInput } from "../../../cli/review/read-plans";

type Json = Record<string, unknown>;

/** A resource of a plan, as a test changes it. */
export interface PlannedResource {
  address: string;
  type: string;
  change: { actions: string[]; before: Json; after: Json; after_unknown: Json; after_sensitive: Json };
}

export interface PlanFile {
  plan: { format_version: string; resource_changes: PlannedResource[]; [key: string]: unknown };
  synthesized: { resource: Record<string, Record<string, Json>> };
}

/** One of the real plans in `plans/`. */
export function planFile(name: string): PlanFile {
  return JSON.parse(readFileSync(join(__dirname, "plans", `${name}.json`), "utf8"));
}

/** The input of a review of one stack. */
export function inputOf(file: string | PlanFile, name = "dev-pipeline"): ReviewInput {
  const stack: PlannedStack = { name, ...(typeof file === "string" ? planFile(file) : file) };
  return { environment: "dev", region: "us-east-1", stacks: [stack] };
}
