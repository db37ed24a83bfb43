import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Testing } from "cdktf";
import { workflowProps } from "../configuration";
import { parseEnvironments } from "../configuration/define";
import type { EnvironmentConfig } from "../configuration/environment-schema";
import { PipelineStack } from "../constructs/pipeline-stack";
import { TestRunStack } from "../constructs/test-run-stack";
import type { WorkflowProps } from "../workflow/props";

export type Synthesized = Record<string, Record<string, Record<string, Record<string, unknown>>>>;

/** An environment that says nothing but its region. */
export const dev = inDev({});

/** The same with what a test says of it. */
export function inDev(entry: object): EnvironmentConfig {
  return parseEnvironments({ dev: { region: "eu-west-1", ...entry } }).dev as EnvironmentConfig;
}

/** Both stacks of an environment, as Terraform gets them. */
export function synth(
  environment = dev,
  props: WorkflowProps = { ...workflowProps("dev"), endpoint: undefined },
): { pipeline: Synthesized; testRun: Synthesized } {
  const app = Testing.app();
  const pipeline = new PipelineStack(app, "dev-pipeline", { environment, workflow: props });
  new TestRunStack(app, "dev-test-run", {
    environment,
    pipeline,
    executionInput: { Threshold: 0.5 },
  });
  app.synth();
  const read = (stack: string) =>
    JSON.parse(readFileSync(join(app.outdir, "stacks", stack, "cdk.tf.json"), "utf8"));
  return { pipeline: read("dev-pipeline"), testRun: read("dev-test-run") };
}

/** All resources of a type. */
export function resources(stack: Synthesized, type: string): Record<string, unknown>[] {
  return Object.values(stack.resource?.[type] ?? {});
}

/** The resource of a type that has a name. */
export function named(stack: Synthesized, type: string, name: string, key = "name"): Record<string, unknown> {
  const found = Object.values(stack.resource?.[type] ?? {}).find((resource) => resource[key] === name);
  if (found === undefined) throw new Error(`There is no ${type} called ${name}`);
  return found;
}

/** The one resource of a type. */
export function only(stack: Synthesized, type: string, block = "resource"): Record<string, unknown> {
  const found = Object.values(stack[block]?.[type] ?? {});
  expect([type, found.length]).toEqual([type, 1]);
  return found[0] as Record<string, unknown>;
}
