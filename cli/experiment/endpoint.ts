import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigCommandOutput,
  ListTagsCommand,
  type ProductionVariant,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import { challengerVariant } from "../../workflow/experiments";
import type { Environment } from "../account/environment";
import { requireOwnEndpoint } from "../account/ownership";
import { poll } from "../account/poll";
import { DetachedError, FailedError, isMissing, OutcomeUnknownError } from "../terminal/errors";

/** Tag of the resources that a test creates; its value is the test's name. */
export const experimentTag = "experiment";

/** A variant in service. */
export interface ServingVariant {
  readonly config: ProductionVariant;
  readonly name: string;
  readonly weight: number;
  readonly instanceCount: number;
}

/** The environment's endpoint, with the configuration in service. */
export interface ServingEndpoint {
  readonly name: string;
  readonly status: string;
  readonly reason?: string;
  readonly config: DescribeEndpointConfigCommandOutput;
  /** The configuration that a running update deploys. */
  readonly pendingConfigName?: string;
  readonly variants: readonly ServingVariant[];
  /** The test that created the configuration. */
  readonly experiment?: string;
}

/** How long to wait for the endpoint, and the signal that ends the waiting. */
export interface WaitOptions {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Describes the endpoint; returns undefined if there is none.
 *
 * @throws UsageError if it is not the workflow's
 */
export async function findEndpoint({ aws, baseName }: Environment): Promise<ServingEndpoint | undefined> {
  const sagemaker = aws.sagemaker();
  try {
    const found = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: baseName }));
    await requireOwnEndpoint(aws, baseName, found);
    const { EndpointConfigName } = found;
    const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
    const { Tags = [] } = await sagemaker.send(
      new ListTagsCommand({ ResourceArn: config.EndpointConfigArn }),
    );
    return {
      name: baseName,
      status: found.EndpointStatus ?? "",
      reason: found.FailureReason,
      config,
      pendingConfigName: found.PendingDeploymentSummary?.EndpointConfigName,
      variants: (config.ProductionVariants ?? []).map((variant) => {
        const served = found.ProductionVariants?.find((v) => v.VariantName === variant.VariantName);
        return {
          config: variant,
          name: variant.VariantName ?? "",
          weight: served?.CurrentWeight ?? variant.InitialVariantWeight ?? 1,
          instanceCount: served?.CurrentInstanceCount ?? variant.InitialInstanceCount ?? 1,
        };
      }),
      experiment: Tags.find(({ Key }) => Key === experimentTag)?.Value,
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Champion and challenger of a test's endpoint; undefined if it has no test. */
export function contendersOf(
  endpoint: ServingEndpoint | undefined,
): { champion: ServingVariant; challenger: ServingVariant } | undefined {
  const challenger = endpoint?.variants.find(({ name }) => name === challengerVariant);
  const champion = endpoint?.variants.find(({ name }) => name !== challengerVariant);
  if (challenger === undefined || champion === undefined) return undefined;
  return { champion, challenger };
}

/**
 * Updates the endpoint to a configuration, all at once, and waits until it is in service.
 *
 * Without a canary: with a deployment policy, AWS accepts no configuration with other variants.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
 *
 * @throws FailedError if the endpoint rolls back
 */
export async function moveTo(
  environment: Environment,
  EndpointConfigName: string,
  wait: WaitOptions,
  show: (line: string) => void,
): Promise<void> {
  const { aws, baseName } = environment;
  const found = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName: baseName }));
  await requireOwnEndpoint(aws, baseName, found);
  const begun = found.PendingDeploymentSummary?.EndpointConfigName === EndpointConfigName;
  if (!begun && found.EndpointConfigName !== EndpointConfigName) {
    await untilReadable(environment, EndpointConfigName);
    await aws.sagemaker().send(new UpdateEndpointCommand({ EndpointName: baseName, EndpointConfigName }));
  }
  const served = await untilSettled(environment, wait, show);
  if (served.config.EndpointConfigName !== EndpointConfigName) {
    throw new FailedError(
      `The endpoint ${baseName} rolled back to ${served.config.EndpointConfigName}; ${EndpointConfigName} is not in service: ${served.reason ?? "SageMaker returned no reason"}. Its log: /aws/sagemaker/Endpoints/${baseName}`,
    );
  }
}

/** Waits until a configuration can be read, as AWS advises: that may take a moment after its creation. */
async function untilReadable({ aws }: Environment, EndpointConfigName: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await aws.sagemaker().send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
      return;
    } catch (error) {
      if (!isMissing(error) || attempt === 5) throw error;
      await sleep(attempt * 1000);
    }
  }
}

/** Sets the variants' weights, and waits until they take effect. */
export async function setWeights(
  environment: Environment,
  weights: Readonly<Record<string, number>>,
  wait: WaitOptions,
  show: (line: string) => void,
): Promise<void> {
  const { aws, baseName } = environment;
  for (let attempt = 1; ; attempt++) {
    const endpoint = await untilSettled(environment, wait, show);
    if (endpoint.variants.every(({ name, weight }) => (weights[name] ?? weight) === weight)) return;
    if (attempt === 3) {
      throw new FailedError(
        `The weights of the endpoint ${baseName} must be ${JSON.stringify(weights)}, but they changed again: check what else sets them`,
      );
    }
    await aws.sagemaker().send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: baseName,
        DesiredWeightsAndCapacities: Object.entries(weights).map(([VariantName, DesiredWeight]) => ({
          VariantName,
          DesiredWeight,
        })),
      }),
    );
  }
}

/** Waits until no update is running, and returns the endpoint. */
async function untilSettled(
  environment: Environment,
  { timeoutSeconds, signal }: WaitOptions,
  show: (line: string) => void,
): Promise<ServingEndpoint> {
  const { aws, baseName } = environment;
  let status = "";
  const check = async (): Promise<ServingEndpoint | undefined> => {
    const endpoint = await findEndpoint(environment);
    if (endpoint === undefined) throw new FailedError(`The endpoint ${baseName} no longer exists`);
    if (endpoint.status === "InService") return endpoint;
    if (!["Creating", "Updating", "SystemUpdating", "RollingBack"].includes(endpoint.status)) {
      throw new FailedError(
        `The endpoint ${endpoint.name} is ${endpoint.status}: ${endpoint.reason ?? "SageMaker returned no reason"}`,
      );
    }
    status = endpoint.status;
    show(status);
    return undefined;
  };
  return await poll(check, {
    intervalMilliseconds: aws.isEmulator ? 200 : 10_000,
    timeout: {
      seconds: timeoutSeconds,
      error: () =>
        new OutcomeUnknownError(
          `The endpoint ${baseName} is still ${status} after ${timeoutSeconds} s, and continues. Run the same command again to continue`,
        ),
    },
    signal,
    interrupted: () =>
      new DetachedError(
        `Stopped waiting for the endpoint ${baseName}, which is ${status}. Run the same command again to continue`,
      ),
  });
}

/** Ignores that a resource exists: its name contains a hash of its settings, so it is the same resource. */
export function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && error.message.includes("already existing"))) throw error;
}
