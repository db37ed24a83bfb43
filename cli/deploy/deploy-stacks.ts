import { existsSync } from "node:fs";
import { defaultOutputsFile } from "../account/deployed-workflow";
import type { Environment } from "../account/environment";
import { reviewSummary } from "../review/comment";
import { readPlans } from "../review/read-plans";
import { confirmed } from "../terminal/confirm";
import { print, printToStderr } from "../terminal/print";
import { runCdktf } from "../terraform/run";
import { stacksOf } from "../terraform/stacks";
import { planStacks } from "./plan-stacks";

export interface DeployOptions {
  readonly yes: boolean;
  readonly outputsFile?: string;
}

/** Shows the changes, asks for confirmation, and deploys; returns false if the user declines. */
export async function deployStacks(environment: Environment, options: DeployOptions): Promise<boolean> {
  const { name } = environment;
  const outputsFile = options.outputsFile ?? defaultOutputsFile(name);
  if (!options.yes) {
    const stacks = await planStacks(environment, printToStderr);
    const input = { environment: name, region: environment.config.region, stacks };
    print(reviewSummary(input));
    const { hasChanges } = readPlans(input);
    if (!hasChanges && existsSync(outputsFile)) return true;
    if (hasChanges && !(await confirmed(`Deploy this to ${name}?`))) {
      print("Nothing was deployed.");
      return false;
    }
  }
  const stacks = stacksOf(environment).map((stack) => stack.name);
  const flags = [
    "--auto-approve",
    // Without this flag, cdktf queries the registry for other platforms, for a lock file that is not kept.
    "--skip-provider-lock",
    "--outputs-file",
    outputsFile,
  ];
  printToStderr("Deploying: cdktf synthesizes the stacks, then Terraform plans again and applies");
  await runCdktf(environment, ["deploy", ...stacks, ...flags], "progress");
  print(
    `Deployed ${name}; outputs are in ${outputsFile}. Next: npm run execute -- ${name}, the first time with --upload-sample-data`,
  );
  return true;
}
