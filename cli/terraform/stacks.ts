import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stackNames } from "../../configuration/names";
import type { Environment } from "../account/environment";
import { projectRoot } from "../paths";
import { stackFolder } from "./folders";
import { runTerraform } from "./run";

/** A stack, and the stack whose outputs it reads. */
interface Stack {
  readonly name: string;
  readonly upstream?: string;
}

/** The stacks of an environment, in deployment order. */
export function stacksOf({ name }: Environment): readonly Stack[] {
  const { pipeline, testRun } = stackNames(name);
  return [{ name: pipeline }, { name: testRun, upstream: pipeline }];
}

/** Reads the synthesized configuration of a stack. */
export function synthesized({ name }: Environment, stack: string): string {
  return readFileSync(join(projectRoot, stackFolder(name, stack), "cdk.tf.json"), "utf8");
}

/** Runs `terraform init` in a stack's folder. */
export async function initialize(environment: Environment, stack: string): Promise<void> {
  await runTerraform(environment, stack, ["init", "-input=false", "-no-color"]);
}

/** Whether the upstream stack is deployed with every output that the stack reads. Its folder must be initialized. */
export async function upstreamIsDeployed(
  environment: Environment,
  { name, upstream }: Stack,
): Promise<boolean> {
  if (upstream === undefined) return true;
  const outputs = JSON.parse(
    await runTerraform(environment, upstream, ["output", "-json", "-no-color"]),
  ) as Record<string, unknown>;
  const read = synthesized(environment, name).matchAll(
    /data\.terraform_remote_state\.[\w-]+\.outputs\.([\w-]+)/g,
  );
  return [...read].every(([, output = ""]) => output in outputs);
}
