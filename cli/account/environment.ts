import { configurationName, environments, workflowProps } from "../../configuration";
import type { EnvironmentConfig } from "../../configuration/environment-schema";
import { localEnvironment } from "../../configuration/names";
import { suggestion } from "../../configuration/suggest";
import { type StateMachineArns, stateMachineArns } from "../../workflow/arns";
import { baseName } from "../../workflow/names";
import type { WorkflowProps } from "../../workflow/props";
import { UsageError } from "../terminal/errors";
import { printToStderr } from "../terminal/print";
import { Aws } from "./clients";
import { connectionTo, type EmulatorConnection, runningEmulators } from "./emulator-address";

/** One environment of config.ts, and how to reach its account. */
export interface Environment {
  readonly name: string;
  readonly config: EnvironmentConfig;
  readonly aws: Aws;
  /** The environment's workflow. */
  readonly workflow: WorkflowProps;
  /** The prefix of all names in the environment. */
  readonly baseName: string;
}

/**
 * Returns the configuration of an environment.
 *
 * @throws UsageError if config.ts does not contain it
 */
export function environmentConfig(name: string): EnvironmentConfig {
  const config = environments[name];
  if (config === undefined) {
    const known = Object.keys(environments);
    throw new UsageError(
      `The environment must be one of ${known.join(", ")}, got ${name}${suggestion(name, known) || `: add it to ${configurationName}`}`,
    );
  }
  return config;
}

/**
 * Returns an environment with clients for its account; `local` is the running emulator.
 *
 * @throws UsageError if config.ts does not contain it, or no emulator runs
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
 * Prints to standard error which account and region the command acts on, unless it is the emulator.
 *
 * @throws UsageError if the credentials belong to another account than the environment's, or the emulator to another region
 */
export async function announce({ aws, name, config }: Environment): Promise<void> {
  requireEmulatedRegion(name, config);
  const { account } = await aws.place();
  if (config.account !== undefined && config.account !== account) {
    throw new UsageError(
      `The credentials must be for account ${config.account} of environment ${name}, got account ${account}: set AWS_PROFILE, or profile or assumeRoleArn in config.ts. Nothing was changed`,
    );
  }
  if (!aws.isEmulator) {
    printToStderr(`Environment ${name}: account ${account}, region ${config.region}`);
  }
}

/** Checks that an environment whose AWS is the emulator is in the emulator's only region. */
function requireEmulatedRegion(name: string, { region }: EnvironmentConfig): void {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const emulated = environmentConfig(localEnvironment).region;
  if (endpoint === undefined || !isLoopback(endpoint) || region === emulated) return;
  throw new UsageError(
    `AWS_ENDPOINT_URL is the emulator, ${endpoint}, which is in ${emulated}, but environment ${name} is in ${region}: set its region in config.ts to ${emulated} to rehearse it here, or unset the variable. Nothing was changed`,
  );
}

function isLoopback(endpoint: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname);
}

/** The ARNs of the environment's state machines, deployed or not. */
export async function stateMachinesOf({ aws, workflow }: Environment): Promise<StateMachineArns> {
  return stateMachineArns(workflow, await aws.place());
}

/** The connection to the emulator that `AWS_ENDPOINT_URL` names, or that another command started. */
export function localConnection(): EmulatorConnection {
  const emulators = runningEmulators();
  const endpoint = process.env.AWS_ENDPOINT_URL ?? emulators[0]?.endpoint;
  if (endpoint === undefined) {
    throw new UsageError(
      "No emulator is running: start one with the workflow with `npm start -- --keep`, or an empty one with `npm run emulator`",
    );
  }
  if (!isLoopback(endpoint)) {
    throw new UsageError(
      `AWS_ENDPOINT_URL must be on this machine, got ${endpoint}: pass the name of another environment, or unset the variable`,
    );
  }
  const running = emulators.find((one) => new URL(one.endpoint).port === new URL(endpoint).port);
  if (running !== undefined) return connectionTo(running);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new UsageError(
      `AWS_ENDPOINT_URL is ${endpoint}, but no command of this project started that emulator: also export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as it printed them when it started`,
    );
  }
  const { region } = environmentConfig(localEnvironment);
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}
