import { environments, workflowProps } from "../../configuration";
import type { EnvironmentConfig } from "../../configuration/environment-schema";
import { localEnvironment } from "../../configuration/names";
import { type StateMachineArns, stateMachineArns } from "../../workflow/arns";
import { baseName } from "../../workflow/names";
import type { WorkflowProps } from "../../workflow/props";
import { UsageError } from "../terminal/errors";
import { printToStderr } from "../terminal/print";
import { Aws } from "./clients";
import { connectionTo, type EmulatorConnection, runningEmulator } from "./emulator-address";

/** One environment of config.ts, and how to reach its account. */
export interface Environment {
  readonly name: string;
  readonly config: EnvironmentConfig;
  readonly aws: Aws;
  /** What the workflow is here. */
  readonly workflow: WorkflowProps;
  /** What names in the environment start with. */
  readonly baseName: string;
}

/**
 * The configuration of an environment.
 *
 * @throws UsageError when config.ts does not have it
 */
export function environmentConfig(name: string): EnvironmentConfig {
  const config = environments[name];
  if (config === undefined) {
    const known = Object.keys(environments).join(", ");
    throw new UsageError(`There is no environment ${name}; config.ts has ${known}`);
  }
  return config;
}

/**
 * An environment with clients for its account; `local` is the emulator that runs.
 *
 * @throws UsageError when config.ts does not have it, or no emulator runs
 */
export function openEnvironment(name: string): Environment {
  const config = environmentConfig(name);
  const { region, profile, assumeRoleArn } = config;
  const aws =
    name === localEnvironment
      ? new Aws({ ...localConnection(), region })
      : new Aws({ region, profile, assumeRoleArn });
  const workflow = workflowProps(name);
  return { name, config, aws, workflow, baseName: baseName(workflow) };
}

/**
 * Says on standard error which account and region the next command acts on, unless it is the emulator.
 *
 * @throws UsageError when the credentials are of another account than the environment's
 */
export async function announce({ aws, name, config }: Environment): Promise<void> {
  const { account } = await aws.place();
  if (config.account !== undefined && config.account !== account) {
    throw new UsageError(
      `Environment ${name} is account ${config.account}; these credentials are of ${account}. Nothing was touched. Choose others with AWS_PROFILE, or with profile or assumeRoleArn in config.ts`,
    );
  }
  if (!aws.isEmulator) {
    printToStderr(`Environment ${name}: account ${account}, region ${config.region}`);
  }
}

/** The ARNs of the environment's two state machines, deployed or not. */
export async function stateMachinesOf({ aws, workflow }: Environment): Promise<StateMachineArns> {
  return stateMachineArns(workflow, await aws.place());
}

/** How to call the emulator that `AWS_ENDPOINT_URL` names, or that another command has started. */
export function localConnection(): EmulatorConnection {
  const running = runningEmulator();
  const endpoint = process.env.AWS_ENDPOINT_URL ?? running?.endpoint;
  if (endpoint === undefined) {
    throw new UsageError(
      "No emulator is running: start one that stays up with `npm start -- --keep`, or an empty one with `npm run emulator`",
    );
  }
  if (!["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname)) {
    throw new UsageError(
      `AWS_ENDPOINT_URL is ${endpoint}, which is not on this machine: name the environment you mean, or unset the variable`,
    );
  }
  if (running !== undefined && new URL(running.endpoint).port === new URL(endpoint).port) {
    return connectionTo(running);
  }
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new UsageError(
      `AWS_ENDPOINT_URL is ${endpoint}, which no command of this project has started: export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, too, as that emulator's start printed them`,
    );
  }
  const { region } = environmentConfig(localEnvironment);
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}
