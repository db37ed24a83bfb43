/** Starts of executions at a later stage, with the results of an earlier execution. */

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { suggestion } from "../../configuration/suggest";
import type { ExecutionInput } from "../../workflow/execution-input";
import { prefixes } from "../../workflow/prefixes";
import { type EarlierJobKey, type From, type StageName, stageNames, stages } from "../../workflow/stages";
import { cacheStates } from "../../workflow/steps/cache";
import type { Target } from "../account/deployed-workflow";
import { UsageError } from "../terminal/errors";
import { describeNamed } from "./named-execution";
import { readHistory } from "./variables";

/** The states of the beginning, before the first stage. */
const beginning: readonly string[] = [
  ...["CheckInput", "FindData", "FindExperiment", "PinCode", "DataPreprocessing"],
  cacheStates("prep").find,
];

/** The states that train, with a tuning or without. */
const training: readonly string[] = [
  ...["ModelTraining", "ModelTuning", "ReadBestTraining"],
  ...[cacheStates("prep").record, cacheStates("tune").find, cacheStates("train").find],
];

/** The stage to start at again after a state has failed; undefined if that is the beginning, or not known. */
export function stageWith(state: string | undefined): StageName | undefined {
  if (state === undefined || beginning.includes(state)) return undefined;
  return training.includes(state) ? "ModelTraining" : "ModelEvaluation";
}

/** Checks the name of a stage that a person gave. */
export function stageNamed(given: string): StageName {
  const stage = stageNames.find((name) => name === given);
  if (stage !== undefined) return stage;
  const hint = beginning.includes(given)
    ? ": an execution without --from starts there"
    : suggestion(given, stageNames);
  throw new UsageError(`--from must be one of ${stageNames.join(", ")}, got ${given}${hint}`);
}

/**
 * The input of an execution that starts at `stage` with the results of an earlier one.
 *
 * @param given the rest of the input
 * @default - the earlier execution's
 * @throws UsageError if the earlier execution has no such results, or they are gone
 */
export async function inputFrom(
  target: Target,
  stage: StageName,
  of: string,
  given?: ExecutionInput,
): Promise<ExecutionInput> {
  const { executionArn = "", name = of, input = "{}", stateMachineArn } = await describeNamed(target, of);
  if (stateMachineArn !== target.stateMachineArn) {
    throw new UsageError(
      `--of must be an execution of ${target.baseName}, got ${executionArn} of another state machine`,
    );
  }
  const jobs = earlierJobsIn(await readHistory(target.aws.sfn(), executionArn));
  const from = fromOf(stage, name, jobs);
  await checkResults(target, name, from);
  return { ...(given ?? (JSON.parse(input) as ExecutionInput)), From: from };
}

type Jobs = Partial<Record<EarlierJobKey, string>>;

/** The variables in which the state machine keeps the names of jobs that have succeeded. */
const variables = { ProcessingJobName: "processingJobName", TrainingJobName: "trainingJobName" } as const;

/** The jobs whose results an execution has, its own or those that it started with. */
export function earlierJobsIn(events: readonly HistoryEvent[]): Jobs {
  const jobs: Jobs = {};
  for (const { stateExitedEventDetails } of events) {
    const assigned = stateExitedEventDetails?.assignedVariables ?? {};
    for (const [key, variable] of Object.entries(variables) as [EarlierJobKey, string][]) {
      const value = assigned[variable];
      if (value !== undefined) jobs[key] = JSON.parse(value) as string;
    }
  }
  return jobs;
}

/** The key `From` of the input of an execution that starts at `stage`. */
export function fromOf(stage: StageName, of: string, jobs: Jobs): From {
  const missing = stages[stage].needs.find((key) => jobs[key] === undefined);
  if (missing !== undefined) {
    const possible = stageNames.filter((name) => stages[name].needs.every((key) => jobs[key] !== undefined));
    const others = possible.length > 0 ? `; --from ${possible.join(" or ")} is possible` : "";
    throw new UsageError(`${of} has no ${missing} to start ${stage} with: that job did not succeed${others}`);
  }
  const needed = Object.fromEntries(stages[stage].needs.map((key) => [key, jobs[key]]));
  return { State: stage, ...needed } as From;
}

/** Checks that the results are still in the bucket: `npm run cleanup` removes them, and so may a lifecycle rule. */
async function checkResults({ aws, bucketName }: Target, of: string, from: From): Promise<void> {
  const { ProcessingJobName, TrainingJobName } = from;
  const keys = [
    `${prefixes.processedData}${ProcessingJobName}/`,
    ...(TrainingJobName === undefined
      ? []
      : [`${prefixes.trainingOutput}${TrainingJobName}/output/model.tar.gz`]),
  ];
  for (const Prefix of keys) {
    const { KeyCount = 0 } = await aws
      .s3()
      .send(new ListObjectsV2Command({ Bucket: bucketName, Prefix, MaxKeys: 1 }));
    if (KeyCount > 0) continue;
    throw new UsageError(
      `The results of ${of} are gone: there is nothing under s3://${bucketName}/${Prefix}. Start at an earlier stage, or without --from`,
    );
  }
}
