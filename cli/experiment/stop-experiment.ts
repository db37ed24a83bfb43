import {
  CreateEndpointConfigCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
} from "@aws-sdk/client-sagemaker";
import { hasGuardrails } from "../../workflow/endpoint/guardrails";
import { endpointSettings } from "../../workflow/endpoint/kinds";
import type { WorkflowProps } from "../../workflow/props";
import { resourceTags } from "../../workflow/resources";
import type { Environment } from "../account/environment";
import { tagList } from "../account/tags";
import { versionNumber } from "../registry/model-versions";
import { followRelease } from "../registry/release";
import { ignoreMissing, UsageError } from "../terminal/errors";
import { keepLines, runTasks } from "../terminal/progress";
import {
  contendersOf,
  experimentTag,
  findEndpoint,
  ignoreExisting,
  moveTo,
  type ServingEndpoint,
  type ServingVariant,
  setWeights,
  type WaitOptions,
} from "./endpoint";
import type { Contender } from "./options";
import { experimentConfigName } from "./plan";
import { removeSchedules, runningExperiments } from "./schedules";
import { type ExperimentTarget, readDecision } from "./target";

/** How a test will end. */
export interface StopPlan {
  /** Tests whose schedules are removed. */
  readonly schedules: readonly string[];
  /** What stays on the endpoint; absent if it has no test. */
  readonly outcome?: {
    readonly endpoint: ServingEndpoint;
    readonly side: Contender | "winner";
    /** Why this variant wins. */
    readonly because: string;
    readonly champion: ServingVariant;
    /** Absent if an interrupted stop has already removed it. */
    readonly challenger?: ServingVariant;
    readonly winner: ServingVariant;
    /** The winner's registered version. */
    readonly versionArn: string;
  };
}

/**
 * Finds what to stop, and the winner: as requested, otherwise as the controller decided, otherwise the champion.
 *
 * @throws UsageError if there is nothing to stop
 */
export async function planStop(
  target: ExperimentTarget,
  requested: Contender | undefined,
): Promise<StopPlan> {
  const { environment } = target;
  const schedules = await runningExperiments(environment);
  const endpoint = await findEndpoint(environment);
  const contenders = contendersOf(endpoint);
  const [only] = endpoint?.variants ?? [];
  if (endpoint?.experiment !== undefined && contenders === undefined && only !== undefined) {
    const versionArn = await versionOf(environment, only);
    const because = "because it is already the only variant";
    return {
      schedules,
      outcome: { endpoint, side: "winner", because, champion: only, winner: only, versionArn },
    };
  }
  if (endpoint === undefined || contenders === undefined) {
    if (schedules.length === 0) throw new UsageError(`No A/B test is running in ${environment.name}`);
    return { schedules };
  }
  const experiment = endpoint.experiment ?? schedules[0];
  const decision = experiment === undefined ? undefined : await readDecision(target, experiment);
  const decided = decision?.Final ? decision.Winner : undefined;
  const side = requested ?? (decided === contenders.challenger.name ? "challenger" : "champion");
  const winner = contenders[side];
  const versionArn = await versionOf(environment, winner);
  const because =
    requested !== undefined
      ? "as requested"
      : decided
        ? `as decided: ${decision?.Reasons.join("; ")}`
        : "because nothing is decided yet";
  return {
    schedules,
    outcome: { endpoint, side, because, winner, ...contenders, versionArn },
  };
}

/** The registered version of a variant's model. */
async function versionOf(environment: Environment, variant: ServingVariant): Promise<string> {
  const describe = new DescribeModelCommand({ ModelName: variant.config.ModelName });
  const { PrimaryContainer } = await environment.aws.sagemaker().send(describe);
  if (PrimaryContainer?.ModelPackageName !== undefined) return PrimaryContainer.ModelPackageName;
  throw new UsageError(
    `The model ${variant.config.ModelName} of variant ${variant.name} must be a registered version to be released: pass the other variant as --winner`,
  );
}

/** Ends a test; after an interruption it continues when called again. */
export async function stopExperiment(
  { environment, workflow }: ExperimentTarget,
  { schedules, outcome }: StopPlan,
  wait: WaitOptions,
  { silent }: { readonly silent: boolean },
): Promise<void> {
  await removeSchedules(environment, schedules);
  if (outcome === undefined) return;
  const { endpoint, champion, challenger, winner } = outcome;
  const made = endpoint.experiment === undefined ? [] : [endpoint.config.EndpointConfigName as string];
  await runTasks(
    [
      {
        title: `All traffic to the ${outcome.side}`,
        task: async () => {
          const others = [champion, ...(challenger ? [challenger] : [])].map(({ name }) => [name, 0]);
          const weights = { ...Object.fromEntries(others), [winner.name]: 1 };
          await setWeights(environment, weights, wait, () => {});
        },
      },
      {
        title: "One variant",
        // A release to several instances uses a canary, for which AWS requires unchanged variant names.
        enabled: () =>
          challenger !== undefined && hasGuardrails({ endpoint: endpointSettings(workflow.endpoint) }),
        task: async () => {
          made.push(await serveAlone(environment, workflow, outcome, wait));
        },
      },
      {
        title: `Release of version ${versionNumber(outcome.versionArn)}`,
        rendererOptions: keepLines,
        task: async (_, task) =>
          await followRelease(environment, outcome.versionArn, task, wait.timeoutSeconds, wait.signal),
      },
      {
        title: "Cleanup",
        task: async () => {
          await removeUnused(environment, made, challenger?.config.ModelName);
        },
      },
    ],
    { silent },
  );
}

/** Puts the winner alone in service, under the champion's name. */
async function serveAlone(
  environment: Environment,
  workflow: WorkflowProps,
  { champion, winner, endpoint }: NonNullable<StopPlan["outcome"]>,
  wait: WaitOptions,
): Promise<string> {
  const variant = {
    ...winner.config,
    VariantName: champion.name,
    InitialInstanceCount: winner.instanceCount,
    InitialVariantWeight: 1,
  };
  const name = experimentConfigName(environment.baseName, `${endpoint.experiment} has ended`, [variant]);
  const create = new CreateEndpointConfigCommand({
    EndpointConfigName: name,
    ProductionVariants: [variant],
    DataCaptureConfig: endpoint.config.DataCaptureConfig,
    KmsKeyId: endpoint.config.KmsKeyId,
    Tags: tagList({ ...resourceTags(workflow), [experimentTag]: endpoint.experiment ?? "ended" }),
  });
  await environment.aws.sagemaker().send(create).catch(ignoreExisting);
  await moveTo(environment, name, wait, () => {});
  return name;
}

/** Removes the test's configurations, and the challenger's model unless it is in service or in another configuration. */
async function removeUnused(
  environment: Environment,
  configs: readonly string[],
  ModelName: string | undefined,
): Promise<void> {
  const sagemaker = environment.aws.sagemaker();
  for (const EndpointConfigName of configs) {
    await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName })).catch(ignoreMissing);
  }
  if (ModelName === undefined) return;
  const endpoint = await findEndpoint(environment);
  if (endpoint?.variants.some(({ config }) => config.ModelName === ModelName)) return;
  // A release names model and configuration alike.
  const search = { NameContains: ModelName.replace("-model-", "-config-"), MaxResults: 1 };
  const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand(search));
  if (EndpointConfigs.length > 0) return;
  await sagemaker.send(new DeleteModelCommand({ ModelName })).catch(ignoreMissing);
}
