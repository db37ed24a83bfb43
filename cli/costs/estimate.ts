import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workflowProps } from "../../configuration";
import { stackNames } from "../../configuration/names";
import { environmentConfig } from "../account/environment";
import { type JsonOptions, printResult } from "../terminal/print";
import { synthesizeInto } from "../terraform/synthesize";
import { type Assumptions, estimateStack } from "./synthesized-stack";
import { estimateText } from "./text";

type EstimateOptions = Assumptions & JsonOptions;

/** Prints the cost of an environment in config.ts; needs neither Terraform nor an account. */
export async function estimate(
  name: string,
  { json, output, ...assumptions }: EstimateOptions,
): Promise<void> {
  const { region } = environmentConfig(name);
  const { pipeline } = stackNames(name);
  const found = estimateStack(pipeline, await synthesize(name, pipeline), region, {
    windowInHours: workflowProps(name).monitor?.windowInHours,
    ...assumptions,
  });
  printResult(found, () => estimateText(found), { json, output });
}

/** Synthesizes the `cdk.tf.json` of a stack in a temporary folder, apart from the one that a deploy uses. */
async function synthesize(name: string, stack: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "estimate-"));
  try {
    const stacks = await synthesizeInto(folder, name);
    return JSON.parse(readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
