/** A tuning job and its training jobs, as SageMaker describes them. */

import {
  DescribeHyperParameterTuningJobCommand,
  type DescribeHyperParameterTuningJobResponse,
  type HyperParameterTrainingJobSummary,
  ListHyperParameterTuningJobsCommand,
  paginateListTrainingJobsForHyperParameterTuningJob,
  ResourceNotFound,
} from "@aws-sdk/client-sagemaker";
import { tuningNameStart } from "../../workflow/names";
import type { Environment } from "../account/environment";
import { UsageError } from "../terminal/errors";
import { importances } from "./importance";

/** One training job of a tuning job. */
export interface TunedJob {
  readonly name: string;
  readonly status: string;
  /** The hyperparameters that were searched. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Absent if the job has not reported it. */
  readonly objective?: number;
  /** Absent until the job has ended. */
  readonly seconds?: number;
  readonly isBest: boolean;
  /** Why it failed. */
  readonly reason?: string;
}

/** A tuning job, its best training jobs first. */
export interface TuningRun {
  readonly name: string;
  readonly status: string;
  readonly reason?: string;
  readonly strategy: string;
  readonly objective: { readonly metric: string; readonly goal: "maximize" | "minimize" };
  /** Training jobs that it may start. */
  readonly maxJobs?: number;
  readonly jobs: readonly TunedJob[];
  /** The share of the objective's rank variance that each hyperparameter explains; absent with too few jobs. */
  readonly importance?: Readonly<Record<string, number>>;
}

type Place = Pick<Environment, "aws" | "workflow">;

/**
 * Reads a tuning job; without a name, the workflow's newest.
 *
 * @throws UsageError if there is none
 */
export async function readTuningRun(environment: Place, name?: string): Promise<TuningRun> {
  const description = await describe(environment, name ?? (await newest(environment)));
  const jobs = await trainingJobs(environment, description.HyperParameterTuningJobName ?? "");
  return tuningRun(description, jobs);
}

/** Tuning jobs of the workflow have names that start like this. */
function nameStart({ workflow }: Place): string {
  return tuningNameStart(workflow);
}

async function newest(environment: Place): Promise<string> {
  const start = nameStart(environment);
  const { HyperParameterTuningJobSummaries = [] } = await environment.aws.sagemaker().send(
    new ListHyperParameterTuningJobsCommand({
      NameContains: start,
      SortBy: "CreationTime",
      SortOrder: "Descending",
      MaxResults: 100,
    }),
  );
  const names = HyperParameterTuningJobSummaries.map(
    ({ HyperParameterTuningJobName }) => HyperParameterTuningJobName,
  );
  const found = names.find((one) => one?.startsWith(start));
  if (found !== undefined) return found;
  throw new UsageError(
    "There is no tuning job yet: set `tuning` in the workflow of config.ts and run npm run execute (docs/tuning.md)",
  );
}

async function describe(environment: Place, HyperParameterTuningJobName: string) {
  const start = nameStart(environment);
  if (!HyperParameterTuningJobName.startsWith(start)) {
    throw new UsageError(
      `The tuning job must be this workflow's, with a name that starts with ${start}, got ${HyperParameterTuningJobName}`,
    );
  }
  try {
    return await environment.aws
      .sagemaker()
      .send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName }));
  } catch (error) {
    if (!(error instanceof ResourceNotFound)) throw error;
    throw new UsageError(
      `There is no tuning job ${HyperParameterTuningJobName}: omit the name for the newest one`,
      { cause: error },
    );
  }
}

async function trainingJobs({ aws }: Place, HyperParameterTuningJobName: string) {
  const found: HyperParameterTrainingJobSummary[] = [];
  const pages = paginateListTrainingJobsForHyperParameterTuningJob(
    { client: aws.sagemaker() },
    { HyperParameterTuningJobName },
  );
  for await (const { TrainingJobSummaries = [] } of pages) found.push(...TrainingJobSummaries);
  return found;
}

type Description = Pick<
  DescribeHyperParameterTuningJobResponse,
  | "HyperParameterTuningJobName"
  | "HyperParameterTuningJobStatus"
  | "HyperParameterTuningJobConfig"
  | "BestTrainingJob"
  | "FailureReason"
>;

/** Combines the descriptions of a tuning job and of its training jobs. */
export function tuningRun(
  description: Description,
  summaries: readonly Partial<HyperParameterTrainingJobSummary>[],
): TuningRun {
  const {
    HyperParameterTuningJobName: name = "",
    HyperParameterTuningJobStatus: status = "",
    HyperParameterTuningJobConfig: config,
    FailureReason: reason,
  } = description;
  const { Type, MetricName: metric = "" } = config?.HyperParameterTuningJobObjective ?? {};
  const goal = Type === "Minimize" ? "minimize" : "maximize";
  const best = description.BestTrainingJob?.TrainingJobName;
  const jobs = summaries.map((summary) => tunedJob(summary, best)).sort(betterFirst(goal));
  const observations = jobs.flatMap(({ objective, hyperparameters }) =>
    objective === undefined ? [] : [{ objective, hyperparameters }],
  );
  return {
    ...{ name, status, reason },
    strategy: config?.Strategy ?? "",
    objective: { metric, goal },
    maxJobs: config?.ResourceLimits?.MaxNumberOfTrainingJobs,
    jobs,
    importance: importances(observations, kindsOf(config)),
  };
}

function tunedJob(summary: Partial<HyperParameterTrainingJobSummary>, best: string | undefined): TunedJob {
  const { TrainingJobName: name = "", TrainingStartTime: start, TrainingEndTime: end } = summary;
  return {
    name,
    status: summary.TrainingJobStatus ?? "",
    hyperparameters: summary.TunedHyperParameters ?? {},
    objective: summary.FinalHyperParameterTuningJobObjectiveMetric?.Value,
    seconds: start && end && (end.getTime() - start.getTime()) / 1000,
    isBest: name === best,
    reason: summary.FailureReason,
  };
}

/** Jobs without an objective come last, in the order of their names, which is that of their start. */
function betterFirst(goal: TuningRun["objective"]["goal"]) {
  const sign = goal === "minimize" ? 1 : -1;
  const rank = ({ objective }: TunedJob) =>
    objective === undefined ? Number.POSITIVE_INFINITY : sign * objective;
  return (one: TunedJob, other: TunedJob) => {
    const [first, second] = [rank(one), rank(other)];
    return first === second ? one.name.localeCompare(other.name) : first - second;
  };
}

/** Whether the values of each hyperparameter are numbers. */
function kindsOf(config: Description["HyperParameterTuningJobConfig"]): Record<string, boolean> {
  const {
    IntegerParameterRanges: integers = [],
    ContinuousParameterRanges: continuous = [],
    CategoricalParameterRanges: categories = [],
  } = config?.ParameterRanges ?? {};
  const kinds = (ranges: readonly { readonly Name?: string }[], isNumber: boolean) =>
    ranges.map(({ Name = "" }) => [Name, isNumber] as const);
  return Object.fromEntries([...kinds([...integers, ...continuous], true), ...kinds(categories, false)]);
}
