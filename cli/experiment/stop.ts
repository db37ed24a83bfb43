import {
  CreateEndpointConfigCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  ListEndpointConfigsCommand,
} from "@aws-sdk/client-sagemaker";
import { hasGuardrails } from "../../workflow/endpoint/guardrails";
import { endpointSettings } from "../../workflow/endpoint/kinds";
import type { WorkflowProps } from "../../workflow/props";
import { resourceTags } from "../../workflow/resources";
import type { Environment } from "../account/environment";
import { tagList } from "../account/tags";
import { followRelease } from "../registry/release";
import { versionNumber } from "../registry/versions";
import { ignoreMissing, UsageError } from "../terminal/errors";
import { keepLines, runTasks } from "../terminal/progress";
import {
  experimentTag,
  findEndpoint,
  ignoreExisting,
  modelOf,
  moveTo,
  type Patience,
  type ServingEndpoint,
  type ServingVariant,
  setWeights,
  sidesOf,
} from "./endpoint";
import type { Side } from "./options";
import { experimentConfigName } from "./plan";
import { removeSchedules, runningExperiments } from "./schedules";
import { type ExperimentTarget, readDecision } from "./target";

/** How a test is to be ended. */
export interface StopPlan {
  /** Tests whose schedule is removed. */
  readonly schedules: readonly string[];
  /** What the endpoint is left with; missing where it serves no test any more. */
  readonly outcome?: {
    readonly endpoint: ServingEndpoint;
    readonly side: Side | "winner";
    /** Why this one. */
    readonly because: string;
    readonly champion: ServingVariant;
    /** Missing where a stop that was interrupted has taken it away. */
    readonly challenger?: ServingVariant;
    readonly winner: ServingVariant;
    /** The winner's registered version. */
    readonly versionArn: string;
  };
}

/**
 * Finds what there is to stop, and who wins: as asked, or as the controller decided, or else the champion.
 *
 * @throws UsageError when there is nothing to stop
 */
export async function planStop(target: ExperimentTarget, asked: Side | undefined): Promise<StopPlan> {
  const { environment } = target;
  const schedules = await runningExperiments(environment);
  const endpoint = await findEndpoint(environment);
  const sides = sidesOf(endpoint);
  const [only] = endpoint?.variants ?? [];
  if (endpoint?.experiment !== undefined && sides === undefined && only !== undefined) {
    const versionArn = await versionOf(environment, only);
    const because = "which serves alone already";
    return {
      schedules,
      outcome: { endpoint, side: "winner", because, champion: only, winner: only, versionArn },
    };
  }
  if (endpoint === undefined || sides === undefined) {
    if (schedules.length === 0) throw new UsageError(`No A/B test runs in ${environment.name}`);
    return { schedules };
  }
  const experiment = endpoint.experiment ?? schedules[0];
  const decision = experiment === undefined ? undefined : await readDecision(target, experiment);
  const decided = decision?.Final ? decision.Winner : undefined;
  const side = asked ?? (decided === sides.challenger.name ? "challenger" : "champion");
  const winner = sides[side];
  const versionArn = await versionOf(environment, winner);
  const because =
    asked !== undefined
      ? "as asked"
      : decided
        ? `as decided: ${decision?.Reasons.join("; ")}`
        : "since nothing is decided";
  return {
    schedules,
    outcome: { endpoint, side, because, winner, ...sides, versionArn },
  };
}

/** The registered version of a variant's model. */
async function versionOf(environment: Environment, variant: ServingVariant): Promise<string> {
  const { PrimaryContainer } = await modelOf(environment, variant);
  if (PrimaryContainer?.ModelPackageName !== undefined) return PrimaryContainer.ModelPackageName;
  throw new UsageError(
    `The model ${variant.config.ModelName} of variant ${variant.name} is of no registered version, so that it cannot be released: give the other --winner`,
  );
}

/** Ends a test; one that was interrupted goes on when it is asked again. */
export async function stopExperiment(
  { environment, workflow }: ExperimentTarget,
  { schedules, outcome }: StopPlan,
  patience: Patience,
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
          await setWeights(environment, weights, patience, () => {});
        },
      },
      {
        title: "One variant",
        // A release to several instances goes by a canary, for which AWS wants the variants' names unchanged.
        enabled: () =>
          challenger !== undefined && hasGuardrails({ endpoint: endpointSettings(workflow.endpoint) }),
        task: async () => {
          made.push(await serveAlone(environment, workflow, outcome, patience));
        },
      },
      {
        title: `Release of version ${versionNumber(outcome.versionArn)}`,
        rendererOptions: keepLines,
        task: async (_, task) =>
          await followRelease(
            environment,
            outcome.versionArn,
            task,
            patience.timeoutSeconds,
            patience.signal,
          ),
      },
      {
        title: "What the test made",
        task: async () => {
          await removeUnused(environment, made, challenger?.config.ModelName);
        },
      },
    ],
    { silent },
  );
}

/** The winner, which serves already, under the champion's name and without the other. */
async function serveAlone(
  environment: Environment,
  workflow: WorkflowProps,
  { champion, winner, endpoint }: NonNullable<StopPlan["outcome"]>,
  patience: Patience,
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
  await moveTo(environment, name, patience, () => {});
  return name;
}

/** Removes the test's configurations, and the challenger's model unless it serves or another configuration has it. */
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
  // A release names the configuration like the model.
  const search = { NameContains: ModelName.replace("-model-", "-config-"), MaxResults: 1 };
  const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand(search));
  if (EndpointConfigs.length > 0) return;
  await sagemaker.send(new DeleteModelCommand({ ModelName })).catch(ignoreMissing);
}
