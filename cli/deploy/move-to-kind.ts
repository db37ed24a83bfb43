import { type EndpointNames, endpointNames, endpointStatus } from "../account/endpoint-kind";
import type { Environment } from "../account/environment";
import { testEndpoint } from "../execution/endpoint-test";
import {
  findEndpointConfigs,
  findEndpoints,
  type Leftovers,
  nothing,
  superseded,
  variantsOf,
} from "../leftovers/find";
import { removeLeftovers } from "../leftovers/remove";
import { findVersion, listVersions, servingModel, versionNumber } from "../registry/model-versions";
import { releaseVersion } from "../registry/release";
import { UsageError } from "../terminal/errors";

export interface ChangeKindOptions {
  readonly yes: boolean;
  /** Leave the old endpoint in service. */
  readonly keepOld: boolean;
  readonly timeout: number;
  readonly outputsFile?: string;
}

/** The steps of a change of kind other than calls to SageMaker; tests replace them. */
export interface ChangeKindSteps {
  /** Deploys the configuration; returns false if the user declines. */
  readonly deploy: () => Promise<boolean>;
  readonly confirm: (question: string) => Promise<boolean>;
  readonly onStep: (line: string) => void;
  /** Instances of the test request to the new endpoint. */
  readonly instances: readonly unknown[];
}

/**
 * Takes the remaining steps: after an interruption it continues.
 *
 * @throws UsageError if no version is in service, or it cannot be moved
 */
export async function moveToKind(
  environment: Environment,
  { keepOld, timeout }: Pick<ChangeKindOptions, "keepOld" | "timeout">,
  { deploy, confirm, onStep, instances }: ChangeKindSteps,
): Promise<void> {
  const names = endpointNames(environment.workflow);
  const { wanted, other } = names;
  const [old, made] = await Promise.all([
    endpointStatus(environment, other),
    endpointStatus(environment, wanted),
  ]);
  if (old === undefined && made === "InService") {
    onStep(`${wanted} is in service, and ${other} does not exist: nothing to do.`);
    return;
  }
  if (old === undefined) {
    throw new UsageError(
      `There is no endpoint ${other} to change: run npm run deploy -- ${environment.name} instead`,
    );
  }
  // The version in service under the new name may already be newer, from an execution in the meantime.
  if (made !== "InService") {
    const packageArn = await versionToMove(environment, other, old);
    if (!(await deploy())) {
      onStep("Nothing was changed.");
      return;
    }
    await releaseVersion(environment, packageArn, { timeout });
  }
  await testEndpoint(environment.aws, wanted, instances, environment.workflow);
  onStep(`${wanted} is in service and responds. Switch the callers of ${other} to it.`);
  const again = `npm run change-kind -- ${environment.name}`;
  if (keepOld) {
    onStep(`${other} was kept with its model; delete it after switching its callers: ${again}`);
    return;
  }
  const found = await oldEndpoint(environment, names);
  if (!(await confirm(`Have you switched all callers? Delete ${other} and its configurations?`))) {
    onStep(`${other} was kept; delete it with ${again}`);
    return;
  }
  await removeLeftovers(environment, found, onStep);
}

/** Returns the ARN of the version in service on the old endpoint. */
async function versionToMove(environment: Environment, endpoint: string, status: string): Promise<string> {
  if (status !== "InService") {
    throw new UsageError(
      `The endpoint ${endpoint} must be InService, got ${status}: wait until it is (npm run status -- ${environment.name}). Nothing was changed`,
    );
  }
  const packageArn = (await servingModel(environment, endpoint))?.packageArn;
  if (packageArn === undefined) {
    throw new UsageError(
      `The model on the endpoint ${endpoint} must be a registered version to be released again: delete the endpoint (npm run cleanup -- ${environment.name}), then deploy and execute. Nothing was changed`,
    );
  }
  const version = versionNumber(packageArn);
  const { approval } = findVersion(await listVersions(environment), version);
  if (approval !== "Approved") {
    throw new UsageError(
      `Version ${version} on the endpoint ${endpoint} must be Approved, got ${approval}: approve it with npm run approve -- ${environment.name} ${version}, or put another version in service first. Nothing was changed`,
    );
  }
  return packageArn;
}

/** Finds the old endpoint and the configurations of its kind that no other endpoint uses. */
async function oldEndpoint(environment: Environment, { kind, other }: EndpointNames): Promise<Leftovers> {
  const [endpoints, endpointConfigs] = await Promise.all([
    findEndpoints(environment),
    findEndpointConfigs(environment),
  ]);
  const rest = endpoints.filter(({ name }) => name !== other);
  const unused = await superseded(environment, { ...nothing, endpoints: rest, endpointConfigs });
  const ofOldKind = await Promise.all(
    unused.endpointConfigs.map(async ({ name }) => {
      const variants = await variantsOf(environment.aws, name);
      const isServerless = variants.some(({ ServerlessConfig }) => ServerlessConfig !== undefined);
      return isServerless === (kind === "instance");
    }),
  );
  return {
    ...nothing,
    endpoints: endpoints.filter(({ name }) => name === other),
    endpointConfigs: unused.endpointConfigs.filter((_, i) => ofOldKind[i]),
  };
}
