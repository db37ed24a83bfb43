import { writeFileSync } from "node:fs";
import { openEnvironment } from "../account/environment";
import { planStacks } from "../deploy/plan-stacks";
import { requireDeployable } from "../deploy/ready";
import { print, printToStderr } from "../terminal/print";
import { reviewComment } from "./comment";
import { reviewPolicy } from "./review-policy";

interface ReviewOptions {
  /** @default - standard output */
  readonly output?: string;
  /** Print the policy of the role that reviews need instead. */
  readonly rolePolicy?: boolean;
}

/** Describes what a deploy would change, as one comment for a pull request. */
export async function review(name: string, { output, rolePolicy = false }: ReviewOptions): Promise<void> {
  if (rolePolicy) {
    print(JSON.stringify(reviewPolicy(name), null, 2));
    return;
  }
  const environment = openEnvironment(name);
  await requireDeployable(environment);
  const stacks = await planStacks(environment, printToStderr);
  const comment = reviewComment({ environment: name, region: environment.config.region, stacks });
  if (output === undefined) print(comment);
  else writeFileSync(output, `${comment}\n`);
}
