import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigCommandOutput,
  DescribeModelCommand,
  type DescribeModelCommandOutput,
  ListTagsCommand,
  type ProductionVariant,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import { challengerVariant } from "../../workflow/experiments";
import type { Environment } from "../account/environment";
import { requireOwnEndpoint } from "../account/ownership";
import { DetachedError, FailedError, isMissing, OutcomeUnknownError } from "../terminal/errors";

/** Tag of what a test makes: its name. */
export const experimentTag = "experiment";

/** A variant as it serves. */
export interface ServingVariant {
  readonly config: ProductionVariant;
  readonly name: string;
  readonly weight: number;
  readonly instanceCount: number;
}

/** The environment's endpoint, with the configuration that serves. */
export interface ServingEndpoint {
  readonly name: string;
  readonly status: string;
  readonly reason?: string;
  readonly config: DescribeEndpointConfigCommandOutput;
  /** The configuration that an update moves in. */
  readonly pendingConfigName?: string;
  readonly variants: readonly ServingVariant[];
  /** The test that the configuration was made for. */
  readonly experiment?: string;
}

/** How long to wait for the endpoint, and what ends the waiting. */
export interface Patience {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * The endpoint as it is; undefined where there is none.
 *
 * @throws UsageError where it is not the workflow's
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

/** Champion and challenger of a test's endpoint; undefined where it serves no test. */
export function sidesOf(
  endpoint: ServingEndpoint | undefined,
): { champion: ServingVariant; challenger: ServingVariant } | undefined {
  const challenger = endpoint?.variants.find(({ name }) => name === challengerVariant);
  const champion = endpoint?.variants.find(({ name }) => name !== challengerVariant);
  if (challenger === undefined || champion === undefined) return undefined;
  return { champion, challenger };
}

/** The model of a variant. */
export async function modelOf(
  { aws }: Environment,
  variant: ServingVariant,
): Promise<DescribeModelCommandOutput> {
  return await aws.sagemaker().send(new DescribeModelCommand({ ModelName: variant.config.ModelName }));
}

/**
 * Moves the endpoint to a configuration, all at once, and waits until that one serves.
 *
 * Not by a canary: with a deployment policy, AWS takes no configuration with other variants.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
 *
 * @throws FailedError when it does not get to serve
 */
export async function moveTo(
  environment: Environment,
  EndpointConfigName: string,
  patience: Patience,
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
  const served = await untilSettled(environment, patience, show);
  if (served.config.EndpointConfigName !== EndpointConfigName) {
    throw new FailedError(
      `The endpoint ${baseName} went back to ${served.config.EndpointConfigName}; ${EndpointConfigName} does not serve: ${served.reason ?? "SageMaker gives no reason"}. Its log: /aws/sagemaker/Endpoints/${baseName}`,
    );
  }
}

/** A configuration may not be readable at once; AWS advises to look before it is used. */
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

/** Gives variants their weights, and waits until they have them. */
export async function setWeights(
  environment: Environment,
  weights: Readonly<Record<string, number>>,
  patience: Patience,
  show: (line: string) => void,
): Promise<void> {
  const { aws, baseName } = environment;
  for (let attempt = 1; ; attempt++) {
    const endpoint = await untilSettled(environment, patience, show);
    if (endpoint.variants.every(({ name, weight }) => (weights[name] ?? weight) === weight)) return;
    if (attempt === 3) {
      throw new FailedError(
        `The endpoint ${baseName} does not take the weights ${JSON.stringify(weights)}: does somebody else set them?`,
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

/** The endpoint, once nothing moves it any more. */
async function untilSettled(
  environment: Environment,
  { timeoutSeconds, signal }: Patience,
  show: (line: string) => void,
): Promise<ServingEndpoint> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const endpoint = await findEndpoint(environment);
    if (endpoint === undefined) throw new FailedError(`The endpoint ${environment.baseName} is gone`);
    if (endpoint.status === "InService") return endpoint;
    if (!["Creating", "Updating", "SystemUpdating", "RollingBack"].includes(endpoint.status)) {
      throw new FailedError(
        `The endpoint ${endpoint.name} is ${endpoint.status}: ${endpoint.reason ?? "SageMaker gives no reason"}`,
      );
    }
    show(endpoint.status);
    if (Date.now() >= deadline) {
      throw new OutcomeUnknownError(
        `The endpoint ${endpoint.name} is still ${endpoint.status} after ${timeoutSeconds} s; it goes on. Run the same command again to go on, too`,
      );
    }
    try {
      await sleep(environment.aws.isEmulator ? 200 : 10_000, undefined, { signal });
    } catch {
      throw new DetachedError(
        `Left the endpoint ${endpoint.name}, which goes on ${endpoint.status}. Run the same command again to go on, too`,
      );
    }
  }
}

/** What has the name is the very same thing: names hold what was asked for, or its hash. */
export function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && error.message.includes("already existing"))) throw error;
}
