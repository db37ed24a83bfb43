/** Where cdktf writes, relative to the project. */

import { join } from "node:path";

export const outputFolder = "cdktf.out";

/** An environment has a folder of its own, since cdktf removes every stack that it did not synthesize from its folder. */
export function environmentFolder(environment: string): string {
  return join(outputFolder, environment);
}

/** Folder of one stack's Terraform configuration. */
export function stackFolder(environment: string, stack: string): string {
  return join(environmentFolder(environment), "stacks", stack);
}
