import { readFileSync } from "node:fs";
import { z } from "zod";
import { testRun } from "../../configuration";
import { localEnvironment, stackNames } from "../../configuration/names";
import type { ExecutionInput } from "../../workflow/execution-input";
import { UsageError } from "../terminal/errors";
import { findArtifactBucket } from "./buckets";
import { type Environment, openEnvironment, stateMachinesOf } from "./environment";

/** One environment's deployed workflow. */
export interface Target extends Environment {
  readonly stateMachineArn: string;
  readonly bucketName: string;
  readonly executionInput: ExecutionInput;
}

export interface TargetOptions {
  /** @default - `outputs.<environment>.json`, which `npm run deploy` writes */
  readonly outputsFile?: string;
  readonly stateMachineArn?: string;
  readonly bucket?: string;
}

const outputsSchema = z.object({
  state_machine_arn: z.string(),
  bucket_name: z.string(),
  execution_input: z.string(),
});

/** The file with an environment's outputs, which a deploy writes and the other commands read. */
export function defaultOutputsFile(environment: string): string {
  return `outputs.${environment}.json`;
}

/**
 * Finds the environment's workflow: in the running emulator, from options, or in the outputs file of a deploy.
 *
 * @throws UsageError if it is in none of them
 */
export async function resolveTarget(name: string, options: TargetOptions = {}): Promise<Target> {
  const environment = openEnvironment(name);
  const workflow =
    name === localEnvironment && options.outputsFile === undefined
      ? await localWorkflow(environment, options)
      : deployedWorkflow(name, options);
  const [, , , region, , , machine] = workflow.stateMachineArn.split(":");
  if (region === undefined || machine === undefined) {
    throw new UsageError(
      `--state-machine-arn must be the ARN of a state machine, got "${workflow.stateMachineArn}"`,
    );
  }
  if (machine !== environment.baseName) {
    throw new UsageError(
      `The state machine of environment ${name} must be ${environment.baseName}, got ${workflow.stateMachineArn}`,
    );
  }
  if (region !== environment.config.region) {
    throw new UsageError(
      `The state machine of environment ${name} must be in ${environment.config.region}, got ${workflow.stateMachineArn} in ${region}`,
    );
  }
  return { ...environment, ...workflow };
}

type Workflow = Pick<Target, "stateMachineArn" | "bucketName" | "executionInput">;

function deployedWorkflow(name: string, options: TargetOptions): Workflow {
  const { outputsFile = defaultOutputsFile(name), stateMachineArn, bucket } = options;
  if (stateMachineArn !== undefined && bucket !== undefined) {
    return { stateMachineArn, bucketName: bucket, executionInput: testRun.executionInput };
  }
  const stack = stackNames(name).testRun;
  const outputs = outputsSchema.safeParse(readOutputs(name, outputsFile, stack));
  if (!outputs.success) {
    throw new UsageError(
      `${outputsFile} must contain the outputs of ${stack}: ${z.prettifyError(outputs.error)}\n${howToDeploy(name)}`,
    );
  }
  return {
    stateMachineArn: stateMachineArn ?? outputs.data.state_machine_arn,
    bucketName: bucket ?? outputs.data.bucket_name,
    executionInput: JSON.parse(outputs.data.execution_input) as ExecutionInput,
  };
}

function readOutputs(name: string, outputsFile: string, stack: string): unknown {
  let text: string;
  try {
    text = readFileSync(outputsFile, "utf8");
  } catch (error) {
    throw new UsageError(
      `Cannot read the outputs file ${outputsFile}. ${howToDeploy(name)}, or pass --state-machine-arn and --bucket`,
      { cause: error },
    );
  }
  let outputs: Record<string, unknown>;
  try {
    outputs = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`The outputs file ${outputsFile} must be JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!(stack in outputs)) {
    throw new UsageError(
      `${outputsFile} must contain the outputs of ${stack}, got ${Object.keys(outputs).join(", ") || "no stack"}. ${howToDeploy(name)}`,
    );
  }
  return outputs[stack];
}

function howToDeploy(name: string): string {
  return `Create it with npm run deploy -- ${name}`;
}

/** In the emulator all names are known, except the bucket's suffix. */
async function localWorkflow(
  environment: Environment,
  { stateMachineArn, bucket }: TargetOptions,
): Promise<Workflow> {
  const bucketName = bucket ?? (await findArtifactBucket(environment));
  if (bucketName === undefined) {
    throw new UsageError(
      "The emulator has no workflow: create one and keep it up with `npm start -- --keep`, or deploy one with `npm run deploy -- local`",
    );
  }
  return {
    stateMachineArn: stateMachineArn ?? (await stateMachinesOf(environment)).workflow,
    bucketName,
    executionInput: testRun.executionInput,
  };
}
