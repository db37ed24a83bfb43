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
import { releaseVersion } from "../registry/release";
import { findVersion, listVersions, servingModel, versionNumber } from "../registry/versions";
import { UsageError } from "../terminal/errors";

export interface ChangeKindOptions {
  readonly yes: boolean;
  /** Leaves the old endpoint in service. */
  readonly keepOld: boolean;
  readonly timeout: number;
  readonly outputsFile?: string;
}

/** What a change of kind does beside calling SageMaker; tests put their own in place. */
export interface ChangeKindSteps {
  /** Deploys the configuration; false where a person has said no. */
  readonly deploy: () => Promise<boolean>;
  readonly confirm: (question: string) => Promise<boolean>;
  readonly say: (line: string) => void;
  /** What the new endpoint is asked once. */
  readonly instances: readonly unknown[];
}

/**
 * Takes the steps that are still to take: after an interruption it goes on where it was.
 *
 * @throws UsageError when nothing serves, or what serves cannot be moved
 */
export async function moveToKind(
  environment: Environment,
  { keepOld, timeout }: Pick<ChangeKindOptions, "keepOld" | "timeout">,
  { deploy, confirm, say, instances }: ChangeKindSteps,
): Promise<void> {
  const names = endpointNames(environment.workflow);
  const { wanted, other } = names;
  const [old, made] = await Promise.all([
    endpointStatus(environment, other),
    endpointStatus(environment, wanted),
  ]);
  if (old === undefined && made === "InService") {
    say(`${wanted} serves, and there is no ${other}: nothing is left to do.`);
    return;
  }
  if (old === undefined) {
    throw new UsageError(
      `No endpoint ${other} serves, so that there is none to change: npm run deploy -- ${environment.name}`,
    );
  }
  // What serves there already may be newer by now: an execution has deployed to it since.
  if (made !== "InService") {
    const packageArn = await versionToMove(environment, other, old);
    if (!(await deploy())) {
      say("Nothing was changed.");
      return;
    }
    await releaseVersion(environment, packageArn, { timeout });
  }
  await testEndpoint(environment.aws, wanted, instances);
  say(`${wanted} serves and answers. Switch the callers of ${other} to it.`);
  const again = `npm run change-kind -- ${environment.name}`;
  if (keepOld) {
    say(`${other} was kept, with the model that it has; delete it when its callers have gone: ${again}`);
    return;
  }
  const found = await oldEndpoint(environment, names);
  if (!(await confirm(`Have its callers been switched? Delete ${other} and its configurations?`))) {
    say(`${other} was kept; delete it with: ${again}`);
    return;
  }
  await removeLeftovers(environment, found, say);
}

/** The version that the old endpoint serves, by its ARN. */
async function versionToMove(environment: Environment, endpoint: string, status: string): Promise<string> {
  if (status !== "InService") {
    throw new UsageError(
      `${endpoint} is ${status}: wait until it is InService (npm run status -- ${environment.name}), so that it is clear what serves. Nothing was touched`,
    );
  }
  const packageArn = (await servingModel(environment, endpoint))?.packageArn;
  if (packageArn === undefined) {
    throw new UsageError(
      `${endpoint} serves a model that is no registered version, and cannot be released. Nothing was touched. Delete the endpoint (npm run cleanup -- ${environment.name}), then deploy and execute`,
    );
  }
  const version = versionNumber(packageArn);
  const { approval } = findVersion(await listVersions(environment), version);
  if (approval !== "Approved") {
    throw new UsageError(
      `Version ${version}, which ${endpoint} serves, is ${approval} now. Nothing was touched. Approve it (npm run approve -- ${environment.name} ${version}), or put another version in service there first`,
    );
  }
  return packageArn;
}

/** The old endpoint and the configurations of its kind that no other endpoint needs. */
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
