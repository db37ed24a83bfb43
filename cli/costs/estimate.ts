import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stackNames } from "../../config-schema";
import { environmentConfig } from "../account/environment";
import { projectRoot } from "../paths";
import { FailedError, UsageError } from "../terminal/errors";
import { print, printJson } from "../terminal/print";
import { parseDefinition } from "../terraform/definition-json";
import { parseSynthesized } from "../terraform/plan-json";
import { definitionSizes } from "./definition-sizes";
import type { Durations } from "./durations";
import { type Estimate, estimate, type StackResource } from "./estimation";
import { estimateText } from "./report";

export interface EstimateCommandOptions extends Partial<Durations> {
  readonly runsPerMonth?: number;
  readonly json: boolean;
}

/** Prints what an environment of config.ts costs; needs neither Terraform nor an account. */
export async function showEstimate(
  name: string,
  { json, ...assumptions }: EstimateCommandOptions,
): Promise<void> {
  const { region } = environmentConfig(name);
  const { pipeline } = stackNames(name);
  const found = estimateStack(pipeline, await synthesize(pipeline), region, assumptions);
  if (json) printJson(found);
  else print(estimateText(found));
}

/**
 * Prices a synthesized stack: its state machine, and what stands beside it.
 *
 * @param stack name of the stack
 * @param synthesized its `cdk.tf.json`, as JSON
 * @throws UsageError when the stack has no state machine
 */
export function estimateStack(
  stack: string,
  synthesized: unknown,
  region: string,
  { runsPerMonth, ...durations }: Omit<EstimateCommandOptions, "json">,
): Estimate {
  const { resource: types } = parseSynthesized(stack, synthesized);
  const resources: StackResource[] = Object.entries(types).flatMap(([type, named]) =>
    Object.values(named).map((values) => ({ type, values })),
  );
  // The stack has a machine of releases, too: a run is what has jobs.
  const [run, ...others] = resources
    .filter(({ type }) => type === "aws_sfn_state_machine")
    .flatMap(({ values: { definition } }) => (typeof definition === "string" ? [definition] : []))
    .map(parseDefinition)
    .sort((one, two) => definitionSizes(two).jobs.length - definitionSizes(one).jobs.length);
  if (run === undefined) {
    throw new UsageError(`The stack ${stack} has no state machine to price: name the stack of the pipeline`);
  }
  return estimate(run, { region, runsPerMonth, durations, resources, others });
}

/** The `cdk.tf.json` of a stack as the code here makes it, away from what a deploy uses. */
async function synthesize(stack: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "estimate-"));
  try {
    await promisify(execFile)(process.execPath, ["--require", "tsx/cjs", "main.ts"], {
      cwd: projectRoot,
      env: { ...process.env, CDKTF_OUTDIR: folder },
    });
    return JSON.parse(readFileSync(join(folder, "stacks", stack, "cdk.tf.json"), "utf8"));
  } catch (error) {
    throw new FailedError(`The stacks could not be synthesized: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
