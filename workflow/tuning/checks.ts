/** Checks of the tuning's props against SageMaker's limits, and the settings that follow from them. */

import type { Gate } from "../gate";
import { baseName, type NameScope, tuningNameRoom } from "../names";
import { limits, refusal } from "./limits";
import type { TuningCompletion, TuningObjective, TuningProps, TuningSettings, TuningStrategy } from "./props";
import { checkRanges, combinations, type TuningRanges } from "./ranges";

/** The parts of the workflow that its tuning depends on. */
export interface TunedWorkflow {
  readonly scope: NameScope;
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly metrics: readonly string[];
  readonly gate: Gate;
}

const defaultJobs = 10;
const defaultParallelJobs = 2;

/**
 * Fills in the defaults.
 *
 * @throws Error that names the prop, and SageMaker's limit with its source, if a value is invalid
 */
export function tuningSettings(props: TuningProps, workflow: TunedWorkflow): TuningSettings {
  const { ranges, strategy = "bayesian", earlyStopping = false, seed, hyperband, completion = {} } = props;
  checkName(workflow.scope);
  checkRanges(ranges);
  checkDeclared(ranges, workflow.hyperparameters);
  checkSeed(seed);
  checkStrategy(props, strategy, workflow.hyperparameters);
  checkCompletion(completion);
  const maxJobs = jobs(props, strategy);
  return {
    ranges,
    strategy,
    objective: objective(props, workflow),
    maxJobs,
    maxParallelJobs: parallelJobs(props, maxJobs),
    seed,
    earlyStopping,
    hyperband,
    completion,
    warmStart: props.warmStart && warmStart(props.warmStart, workflow.scope),
  };
}

function checkName(scope: NameScope): void {
  const { room, needed, limit } = tuningNameRoom(scope);
  if (room >= needed) return;
  throw refusal(
    `prefix and environment must together have at most ${limit} characters with tuning, got ${scope.prefix} and ${scope.environment}: the name of a tuning job has at most 32, and needs a hash to be unique`,
    "name",
  );
}

function checkDeclared(ranges: TuningRanges, hyperparameters: TunedWorkflow["hyperparameters"]): void {
  const unknown = Object.keys(ranges).filter((name) => !(name in hyperparameters));
  if (unknown.length === 0) return;
  const known = Object.keys(hyperparameters).join(", ") || "none";
  throw new Error(
    `tuning.ranges must have hyperparameters that training.hyperparameters has (${known}), got ${unknown.join(", ")}: declare it there, with the value of a run without tuning`,
  );
}

function checkSeed(seed: number | undefined): void {
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0)) {
    throw new Error(`tuning.seed must be a whole number of 0 or more, got ${seed}`);
  }
}

function objective({ objective }: TuningProps, { metrics, gate }: TunedWorkflow): TuningObjective {
  const wanted = objective ?? {
    metric: gate.metric,
    goal: gate.better === "greater" ? "maximize" : "minimize",
  };
  if (metrics.length > limits.metrics) {
    throw refusal(
      `training.metrics must be at most ${limits.metrics} with tuning, got ${metrics.length}`,
      "quotas",
    );
  }
  if (metrics.includes(wanted.metric)) return wanted;
  throw new Error(
    `tuning.objective.metric must be one of training.metrics (${metrics.join(", ") || "none"}), got ${wanted.metric}: add it there, and print "${wanted.metric}: <number>" in the training script`,
  );
}

function jobs({ maxJobs, ranges }: TuningProps, strategy: TuningStrategy): number {
  const most = limits.jobs[strategy];
  const possible = combinations(ranges);
  if (strategy === "grid") return gridJobs(maxJobs, possible);
  const wanted = atLeastOne("maxJobs", maxJobs ?? Math.min(defaultJobs, possible));
  if (wanted > most) {
    throw refusal(
      `tuning.maxJobs must be at most ${most} for the strategy ${strategy}, got ${wanted}`,
      "quotas",
    );
  }
  if (wanted > possible) {
    throw refusal(
      `tuning.maxJobs must be at most ${possible}, because there are no more combinations of values, got ${wanted}: widen tuning.ranges, or lower it`,
      "combinations",
    );
  }
  return wanted;
}

function gridJobs(maxJobs: number | undefined, possible: number): number {
  if (maxJobs !== undefined && maxJobs !== possible) {
    throw refusal(
      `tuning.maxJobs must be the number of combinations for the strategy grid, ${possible}, got ${maxJobs}: omit it`,
      "strategies",
    );
  }
  if (possible > limits.jobs.grid) {
    throw refusal(
      `tuning.ranges must have at most ${limits.jobs.grid} combinations for the strategy grid, got ${possible}`,
      "quotas",
    );
  }
  return possible;
}

function parallelJobs({ maxParallelJobs }: TuningProps, maxJobs: number): number {
  const wanted = atLeastOne("maxParallelJobs", maxParallelJobs ?? Math.min(defaultParallelJobs, maxJobs));
  if (wanted > limits.parallelJobs) {
    throw refusal(
      `tuning.maxParallelJobs must be at most ${limits.parallelJobs}, got ${wanted}; above 10 your account needs a higher quota`,
      "quotas",
    );
  }
  if (wanted > maxJobs) {
    throw new Error(`tuning.maxParallelJobs must be at most the number of jobs, ${maxJobs}, got ${wanted}`);
  }
  return wanted;
}

function atLeastOne(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`tuning.${name} must be a whole number of 1 or more, got ${value}`);
}

function checkStrategy(
  props: TuningProps,
  strategy: TuningStrategy,
  hyperparameters: TunedWorkflow["hyperparameters"],
): void {
  if (strategy === "grid") checkGrid(props.ranges);
  if (strategy === "hyperband") checkHyperband(props, hyperparameters);
  else if (props.hyperband !== undefined) {
    throw refusal(
      `tuning.hyperband must be absent for the strategy ${strategy}: omit it, or set strategy: "hyperband"`,
      "hyperband",
    );
  }
}

function checkGrid(ranges: TuningRanges): void {
  const numeric = Object.entries(ranges).find(([, { kind }]) => kind !== "categorical");
  if (numeric === undefined) return;
  const [name, { kind }] = numeric;
  throw refusal(
    `tuning.ranges.${name} must be categorical for the strategy grid, got ${kind}: list the values to try, or set another strategy`,
    "strategies",
  );
}

/** Hyperparameters whose value is the most that Hyperband may give to a job. */
const epochs = ["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"];

function checkHyperband(
  { hyperband = {}, earlyStopping, ranges }: TuningProps,
  hyperparameters: TunedWorkflow["hyperparameters"],
): void {
  if (earlyStopping) {
    throw refusal(
      "tuning.earlyStopping must be false for the strategy hyperband, which stops jobs in its own way",
      "earlyStopping",
    );
  }
  const declared = epochs.find((name) => name in hyperparameters && !(name in ranges));
  const most =
    hyperband.maxResource ?? (declared === undefined ? undefined : Number(hyperparameters[declared]));
  if (most === undefined) {
    throw refusal(
      `tuning.hyperband.maxResource must be set, unless training.hyperparameters has one of ${epochs.join(", ")} that is not tuned`,
      "hyperband",
    );
  }
  const { minResource: least = 1 } = hyperband;
  const valid = [least, most].every((value) => Number.isInteger(value) && value >= 1) && least < most;
  if (valid && most <= limits.hyperbandResource) return;
  throw refusal(
    `tuning.hyperband must be whole numbers of 1 to ${limits.hyperbandResource} epochs, minResource smaller than maxResource, got ${least} and ${most}`,
    "hyperband",
  );
}

function checkCompletion({ targetValue, notImprovingJobs, maxRuntimeInSeconds }: TuningCompletion): void {
  if (targetValue !== undefined && !Number.isFinite(targetValue)) {
    throw new Error(`tuning.completion.targetValue must be a finite number, got ${targetValue}`);
  }
  if (notImprovingJobs !== undefined && !isWithin(notImprovingJobs, limits.notImprovingJobs)) {
    throw refusal(
      `tuning.completion.notImprovingJobs must be a whole number of ${limits.notImprovingJobs} or more, got ${notImprovingJobs}`,
      "notImproving",
    );
  }
  const { shortestSeconds, longestSeconds } = limits;
  if (maxRuntimeInSeconds !== undefined && !isWithin(maxRuntimeInSeconds, shortestSeconds, longestSeconds)) {
    throw refusal(
      `tuning.completion.maxRuntimeInSeconds must be a whole number from ${shortestSeconds} to ${longestSeconds}, 30 days, got ${maxRuntimeInSeconds}`,
      maxRuntimeInSeconds > longestSeconds ? "quotas" : "runtime",
    );
  }
}

function isWithin(value: number, low: number, high = Number.POSITIVE_INFINITY): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

function warmStart({ parents, kind = "transfer" }: NonNullable<TuningProps["warmStart"]>, scope: NameScope) {
  if (parents.length < 1 || parents.length > limits.parents) {
    throw refusal(
      `tuning.warmStart.parents must be 1 to ${limits.parents} tuning jobs, got ${parents.length}`,
      "warmStart",
    );
  }
  const start = `${baseName(scope)}-tune-`;
  const foreign = parents.find((name) => !name.startsWith(start));
  if (foreign !== undefined) {
    throw new Error(
      `tuning.warmStart.parents must be tuning jobs of this workflow, whose names start with ${start}, got ${foreign}`,
    );
  }
  return { parents, kind };
}

/**
 * The time that all training jobs take at most, in seconds.
 *
 * @param longestJobSeconds the time that one of them takes at most
 */
export function longestTuningSeconds(
  { maxJobs, maxParallelJobs, completion }: TuningSettings,
  longestJobSeconds: number,
): number {
  const rounds = Math.ceil(maxJobs / maxParallelJobs);
  const longest = Math.min(rounds * longestJobSeconds, limits.longestSeconds);
  return Math.min(longest, completion.maxRuntimeInSeconds ?? longest);
}
