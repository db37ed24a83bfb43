import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stackNames } from "../../configuration/names";
import { environmentConfig } from "../account/environment";
import { FailedError } from "../terminal/errors";
import { type JsonOptions, printResult } from "../terminal/print";
import { synthesizeInto } from "../terraform/synthesize";
import { estimateText } from "./report";
import { type Assumptions, estimateStack } from "./synthesized-stack";

type EstimateOptions = Assumptions & JsonOptions;

/** Prints what an environment of config.ts costs; needs neither Terraform nor an account. */
export async function estimate(
  name: string,
  { json, output, ...assumptions }: EstimateOptions,
): Promise<void> {
  const { region } = environmentConfig(name);
  const { pipeline } = stackNames(name);
  const found = estimateStack(pipeline, await synthesize(name, pipeline), region, assumptions);
  printResult(found, () => estimateText(found), { json, output });
}

/** The `cdk.tf.json` of a stack as the code here makes it, away from what a deploy uses. */
async function synthesize(name: string, stack: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "estimate-"));
  try {
    const stacks = await synthesizeInto(folder, name);
    return JSON.parse(readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8"));
  } catch (error) {
    throw new FailedError(`The stacks could not be synthesized: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
