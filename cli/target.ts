import { readFileSync } from "node:fs";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { z } from "zod";
import { environments, testRun, workflowProps } from "../config";
import type { ExecutionInput } from "../workflow/execution-input";
import { baseName } from "../workflow/names";
import { bucketNamePrefix } from "../workflow/resources";
import { Aws } from "./aws";
import { runningEmulator } from "./emulator-process";
import { UsageError } from "./errors";

/** The environment that the emulator is. */
export const localEnvironment = "local";

/** One environment's deployed workflow, and how to reach it. */
export interface Target {
  readonly aws: Aws;
  readonly environment: string;
  readonly stateMachineArn: string;
  readonly bucketName: string;
  readonly executionInput: ExecutionInput;
  /** What names in the environment start with. */
  readonly baseName: string;
}

export interface TargetOptions {
  readonly env: string;
  readonly outputsFile: string;
  readonly stateMachineArn?: string;
  readonly bucket?: string;
}

const outputsSchema = z.object({
  state_machine_arn: z.string(),
  bucket_name: z.string(),
  execution_input: z.string(),
});

/**
 * Finds the environment's workflow: in the emulator that runs, by flags, or in the outputs file of a deploy.
 *
 * @throws UsageError when it is in none of them
 */
export async function resolveTarget(options: TargetOptions): Promise<Target> {
  const { env } = options;
  const known = [...Object.keys(environments), localEnvironment];
  if (!known.includes(env)) {
    throw new UsageError(`There is no environment ${env}; config.ts has ${known.join(", ")}`);
  }
  const base = baseName(workflowProps(env));
  const { stateMachineArn, bucketName, executionInput } =
    env === localEnvironment ? await localWorkflow(base, options) : deployedWorkflow(env, options);
  const [, , , region, , , name] = stateMachineArn.split(":");
  if (region === undefined || name === undefined) {
    throw new UsageError(`"${stateMachineArn}" is no ARN of a state machine`);
  }
  if (name !== base) {
    throw new UsageError(
      `${stateMachineArn} is not the state machine of environment ${env}, which is ${base}`,
    );
  }
  const endpoint = env === localEnvironment ? localEndpoint() : undefined;
  return {
    aws: new Aws({ region, endpoint }),
    environment: env,
    stateMachineArn,
    bucketName,
    executionInput,
    baseName: base,
  };
}

/** Says on standard error which account and region the next command acts on, unless it is the emulator. */
export async function announce({ aws, environment }: Target): Promise<void> {
  if (aws.isEmulator) return;
  const { Account } = await aws.sts().send(new GetCallerIdentityCommand({}));
  const { account } = environments[environment] ?? {};
  if (account !== undefined && account !== Account) {
    throw new UsageError(
      `Environment ${environment} is account ${account}; these credentials are of ${Account}`,
    );
  }
  process.stderr.write(`Environment ${environment}: account ${Account}, region ${aws.connection.region}\n`);
}

type Workflow = Pick<Target, "stateMachineArn" | "bucketName" | "executionInput">;

function deployedWorkflow(env: string, { outputsFile, stateMachineArn, bucket }: TargetOptions): Workflow {
  if (stateMachineArn !== undefined && bucket !== undefined) {
    return { stateMachineArn, bucketName: bucket, executionInput: testRun.executionInput };
  }
  const stack = `${env}-test-run`;
  const outputs = outputsSchema.safeParse(readOutputs(outputsFile, stack));
  if (!outputs.success) {
    throw new UsageError(
      `${outputsFile} does not hold the outputs of ${stack}: ${z.prettifyError(outputs.error)}\n${howToDeploy(stack, outputsFile)}`,
    );
  }
  return {
    stateMachineArn: stateMachineArn ?? outputs.data.state_machine_arn,
    bucketName: bucket ?? outputs.data.bucket_name,
    executionInput: JSON.parse(outputs.data.execution_input) as ExecutionInput,
  };
}

function readOutputs(outputsFile: string, stack: string): unknown {
  let text: string;
  try {
    text = readFileSync(outputsFile, "utf8");
  } catch (error) {
    throw new UsageError(
      `The outputs file ${outputsFile} cannot be read. ${howToDeploy(stack, outputsFile)}, or give --state-machine-arn and --bucket`,
      { cause: error },
    );
  }
  let outputs: Record<string, unknown>;
  try {
    outputs = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`The outputs file ${outputsFile} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!(stack in outputs)) {
    throw new UsageError(
      `${outputsFile} holds the outputs of ${Object.keys(outputs).join(", ") || "no stack"}, not of ${stack}. ${howToDeploy(stack, outputsFile)}`,
    );
  }
  return outputs[stack];
}

function howToDeploy(stack: string, outputsFile: string): string {
  const pipeline = stack.replace(/-test-run$/, "-pipeline");
  return `Write it with: npx cdktf deploy ${pipeline} ${stack} --outputs-file ${outputsFile}`;
}

function localEndpoint(): string {
  const endpoint = process.env.AWS_ENDPOINT_URL ?? runningEmulator()?.endpoint;
  if (endpoint === undefined) {
    throw new UsageError("No emulator is running: start one that stays up with `npm start -- --keep`");
  }
  if (!["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname)) {
    throw new UsageError(
      `AWS_ENDPOINT_URL is ${endpoint}, which is not on this machine: name its environment with --env, or unset the variable`,
    );
  }
  return endpoint;
}

/** In the emulator names are known, but for the bucket's ending. */
async function localWorkflow(base: string, { stateMachineArn, bucket }: TargetOptions): Promise<Workflow> {
  const aws = new Aws({ region: "us-east-1", endpoint: localEndpoint() });
  const { Account } = await aws.sts().send(new GetCallerIdentityCommand({}));
  const { Buckets = [] } = await aws.s3().send(new ListBucketsCommand({}));
  const prefix = bucketNamePrefix(workflowProps(localEnvironment));
  const bucketName = bucket ?? Buckets.find(({ Name }) => Name?.startsWith(prefix))?.Name;
  if (bucketName === undefined) {
    throw new UsageError("The emulator holds no workflow: `npm start -- --keep` makes one and keeps it up");
  }
  return {
    stateMachineArn: stateMachineArn ?? `arn:aws:states:us-east-1:${Account}:stateMachine:${base}`,
    bucketName,
    executionInput: testRun.executionInput,
  };
}
