import { relative, resolve } from "node:path";
import { App, TerraformStack } from "cdktf";
import type { Construct } from "constructs";

/**
 * `path`, relative to the project, as Terraform sees it.
 *
 * Terraform runs in the stack's own folder; a relative path is the same on every machine, an absolute one is not.
 */
export function fromStackFolder(scope: Construct, path: string): string {
  const runsIn = resolve(App.of(scope).outdir, "stacks", TerraformStack.of(scope).node.id);
  return relative(runsIn, resolve(path)).replaceAll("\\", "/");
}
