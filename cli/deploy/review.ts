import { writeFileSync } from "node:fs";
import { announce, openEnvironment } from "../environment";
import { reviewComment } from "../review/comment";
import { print, printToStderr } from "../terminal";
import { planStacks } from "./plan";
import { requireStateBucket } from "./state-bucket";
import { requireTerraform } from "./terraform";

/** Writes what a deploy would change as one comment for a pull request. */
export async function review(name: string, options: { readonly output?: string }): Promise<void> {
  const environment = openEnvironment(name);
  await requireTerraform(environment);
  await announce(environment);
  await requireStateBucket(environment);
  const stacks = await planStacks(environment, (line) => printToStderr(`${line}`));
  const comment = reviewComment({ environment: name, region: environment.config.region, stacks });
  if (options.output === undefined) print(comment);
  else writeFileSync(options.output, `${comment}\n`);
}
