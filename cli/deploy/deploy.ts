import { confirmed, requireAnswer } from "../confirm";
import { announce, openEnvironment } from "../environment";
import { reviewSummary } from "../review/comment";
import { review } from "../review/review";
import { defaultOutputsFile } from "../target";
import { planStacks } from "./plan";
import { stacksOf } from "./stacks";
import { requireStateBucket } from "./state-bucket";
import { requireTerraform, runCdktf } from "./terraform";

export interface DeployOptions {
  readonly yes: boolean;
  readonly outputsFile?: string;
}

/** Shows what would change, asks, and deploys the environment's stacks. */
export async function deploy(name: string, options: DeployOptions): Promise<void> {
  requireAnswer(options.yes);
  const environment = openEnvironment(name);
  await requireTerraform(environment);
  await announce(environment);
  await requireStateBucket(environment);
  if (!options.yes) {
    const stacks = await planStacks(environment, (line) => process.stderr.write(`${line}\n`));
    const input = { environment: name, region: environment.config.region, stacks };
    process.stdout.write(`${reviewSummary(input)}\n`);
    if (review(input).hasChanges && !(await confirmed(`Deploy this to ${name}?`))) {
      process.stdout.write("Nothing was deployed.\n");
      return;
    }
  }
  const outputsFile = options.outputsFile ?? defaultOutputsFile(name);
  const stacks = stacksOf(environment).map((stack) => stack.name);
  await runCdktf(environment, [
    "deploy",
    ...stacks,
    "--auto-approve",
    // It would ask the registry for other platforms, for a lock file that nobody keeps.
    "--skip-provider-lock",
    "--outputs-file",
    outputsFile,
  ]);
  process.stdout.write(`Deployed ${name}; outputs are in ${outputsFile}. Next: npm run execute -- ${name}\n`);
}
