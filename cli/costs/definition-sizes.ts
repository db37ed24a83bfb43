/** Reads from a state machine's definition what it runs: jobs, endpoint variants, functions, transitions. */

import { type GraphJson, innerGraphs, type StateJson } from "../terraform/definition-json";
import type { VariantSize } from "./endpoint-cost";
import type { InstanceUse } from "./prices";

/** The instances of a state's job. */
export interface JobSize {
  readonly state: string;
  readonly use: Exclude<InstanceUse, "hosting">;
  /** Absent if an expression decides it at run time. */
  readonly instanceType?: string;
  readonly instanceCount: number;
  /** Jobs of this size: more than one for a hyperparameter tuning job. */
  readonly jobs: number;
  readonly spot: boolean;
  /** How long the instances are kept after the job; absent if they are not. */
  readonly keepAliveSeconds?: number;
}

/** An update of an endpoint with guardrails. */
export interface UpdateSize {
  /** How traffic moves, as part of a sentence: "by a canary". */
  readonly how: string;
  /** How long both fleets run in addition to the deployment itself. */
  readonly bakeSeconds: number;
}

export interface DefinitionSizes {
  readonly jobs: readonly JobSize[];
  /** A single training job that an execution can run instead of a tuning job. */
  readonly singleTrainings: readonly JobSize[];
  /** Production variants of every endpoint configuration that a state creates. */
  readonly variants: readonly VariantSize[];
  /** The share of requests that the endpoint captures, in percent; absent without a capture. */
  readonly capturedPercentage?: number;
  /** States that invoke a function. */
  readonly functions: readonly string[];
  /** An update with guardrails; absent without them. */
  readonly update?: UpdateSize;
  /** Bounds of the number of instances, with autoscaling. */
  readonly scaling?: { readonly min: number; readonly max: number };
}

/** Reads what the Task states run, including nested ones. */
export function definitionSizes(definition: GraphJson): DefinitionSizes {
  const tasks = tasksOf(definition);
  const jobs = tasks.flatMap(([name, state]) => jobsOf(name, state));
  const single = insteadOfTuning(definition);
  return {
    jobs: jobs.filter(({ state }) => !single.has(state)),
    singleTrainings: jobs.filter(({ state }) => single.has(state)),
    variants: tasks.flatMap(([, state]) =>
      calls(state, "createEndpointConfig") ? (list(request(state).ProductionVariants) as VariantSize[]) : [],
    ),
    capturedPercentage: tasks.flatMap(([, state]) => capturedOf(state))[0],
    functions: tasks.flatMap(([name, state]) =>
      calls(state, "invoke") || state.Resource?.includes(":lambda:") ? [name] : [],
    ),
    update: tasks.flatMap(([, state]) => updateOf(state))[0],
    scaling: tasks.flatMap(([, state]) =>
      calls(state, "registerScalableTarget")
        ? [{ min: count(request(state).MinCapacity), max: count(request(state).MaxCapacity) }]
        : [],
    )[0],
  };
}

function capturedOf(state: StateJson): number[] {
  if (!calls(state, "createEndpointConfig")) return [];
  const { EnableCapture, InitialSamplingPercentage } = object(request(state).DataCaptureConfig);
  return EnableCapture === true ? [numberOf(InitialSamplingPercentage)] : [];
}

/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html */
const trafficRouting: Readonly<Record<string, string>> = {
  ALL_AT_ONCE: "all at once",
  CANARY: "by a canary",
  LINEAR: "in linear steps",
};

function updateOf(state: StateJson): UpdateSize[] {
  if (!calls(state, "updateEndpoint")) return [];
  const { BlueGreenUpdatePolicy } = object(request(state).DeploymentConfig);
  if (BlueGreenUpdatePolicy === undefined) return [];
  const { TrafficRoutingConfiguration, TerminationWaitInSeconds } = object(BlueGreenUpdatePolicy);
  const { Type, WaitIntervalInSeconds, LinearStepSize } = object(TrafficRoutingConfiguration);
  const percent = numberOf(object(LinearStepSize).Value);
  const steps = percent > 0 ? Math.ceil(100 / percent) : 1;
  return [
    {
      how: trafficRouting[String(Type)] ?? `by ${Type}`,
      bakeSeconds: steps * numberOf(WaitIntervalInSeconds) + numberOf(TerminationWaitInSeconds),
    },
  ];
}

function tasksOf(graph: GraphJson): [string, StateJson][] {
  return Object.entries(graph.States).flatMap(([name, state]): [string, StateJson][] =>
    state.Type === "Task" ? [[name, state]] : innerGraphs(state).flatMap(tasksOf),
  );
}

/** The states that train once, where a Choice leads either there or to a tuning job. */
function insteadOfTuning({ States }: GraphJson): ReadonlySet<string> {
  const among = (names: readonly string[], action: string) =>
    names.filter((name) => calls(States[name] ?? { Type: "" }, action));
  const ways = Object.values(States).map(({ Choices = [], Default }) =>
    [...Choices.map(({ Next }) => Next), Default].filter((name) => name !== undefined),
  );
  const toTuning = ways.filter((names) => among(names, "createHyperParameterTuningJob").length > 0);
  return new Set(toTuning.flatMap((names) => among(names, "createTrainingJob")));
}

/** Whether a task calls an API: `arn:aws:states:::sagemaker:createTrainingJob.sync` calls createTrainingJob. */
function calls(state: StateJson, action: string): boolean {
  return new RegExp(`:${action}(\\.\\w+(:\\d+)?)?$`).test(state.Resource ?? "");
}

function jobsOf(state: string, json: StateJson): JobSize[] {
  const sent = request(json);
  const job = (use: JobSize["use"], resources: unknown, spot: unknown, jobs: unknown = 1): JobSize[] =>
    clusters(object(resources)).map((cluster) => ({
      state,
      use,
      instanceType: plainText(cluster.InstanceType),
      instanceCount: count(cluster.InstanceCount),
      jobs: count(jobs),
      spot: spot === true,
      ...(numberOf(cluster.KeepAlivePeriodInSeconds) > 0 && {
        keepAliveSeconds: numberOf(cluster.KeepAlivePeriodInSeconds),
      }),
    }));
  if (calls(json, "createProcessingJob")) {
    return job("processing", object(sent.ProcessingResources).ClusterConfig, false);
  }
  if (calls(json, "createTrainingJob")) {
    return job("training", sent.ResourceConfig, sent.EnableManagedSpotTraining);
  }
  if (calls(json, "createTransformJob")) return job("transform", sent.TransformResources, false);
  if (calls(json, "createHyperParameterTuningJob")) {
    const training = object(sent.TrainingJobDefinition);
    const limits = object(object(sent.HyperParameterTuningJobConfig).ResourceLimits);
    return job(
      "training",
      training.ResourceConfig,
      training.EnableManagedSpotTraining,
      atMost(limits.MaxNumberOfTrainingJobs),
    );
  }
  return [];
}

/** A heterogeneous cluster has groups instead of one size. */
function clusters(resources: Record<string, unknown>): Record<string, unknown>[] {
  const groups = list(resources.InstanceGroups);
  return groups.length === 0 ? [resources] : groups.map(object);
}

/** A task's request, from the field of JSONata or of JSONPath. */
function request(state: StateJson): Record<string, unknown> {
  return object(state.Arguments ?? state.Parameters);
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not an expression. */
function plainText(value: unknown): string | undefined {
  return typeof value === "string" && !value.startsWith("{%") ? value : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** A number, or the literal bound of an expression: `$min([20, …])` is at most 20. */
function atMost(value: unknown): unknown {
  const [, bound] = typeof value === "string" ? (/^\{% \$min\(\[(\d+),/.exec(value) ?? []) : [];
  return bound === undefined ? value : Number(bound);
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 1;
}
