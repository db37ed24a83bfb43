/** The documented ways on after a named failure of each task: each is what the command says, and leads to the end. */

import {
  type DescribeExecutionCommandOutput,
  type HistoryEvent,
  RedriveExecutionCommand,
} from "@aws-sdk/client-sfn";
import { localEnvironment } from "../../configuration/names";
import type { JsonObject } from "../../workflow/asl/jsonata";
import { isNamedFailure } from "../../workflow/failures";
import { jobKinds } from "../../workflow/job-kinds";
import { stageNames } from "../../workflow/stages";
import type { Executions } from "../execution/named-execution";
import { redriveNamed } from "../execution/redriven";
import { earlierJobsIn, fromOf } from "../execution/stage";
import { readHistory } from "../execution/variables";
import { sameWindow } from "../monitoring/window";
import { UsageError } from "../terminal/errors";
import { type DrillCase, drilledWindow, type Injection } from "./cases";
import { visitsOf } from "./drilled-visits";
import { expectedWay, type Way } from "./expected-ways";
import { caseName, endOf } from "./judgement";
import { attemptsIn } from "./redrives";
import { type DrillResult, endOfExecution, runCase, startCase } from "./run";

/** A failure that the states catch, and an execution after its cause is removed. */
export interface WayCase extends DrillCase {
  readonly injection: Injection;
  readonly after: DrillCase;
}

type Ended = Pick<DescribeExecutionCommandOutput, "error" | "cause" | "redriveCount">;

/** What became of a failed execution, and of the one that goes on. */
export interface WayResult {
  readonly case: WayCase;
  readonly failed: Ended;
  /** What `--redrive` of the command says. */
  readonly refusal: string;
  /** What AWS does with the redrive that the command refuses. */
  readonly redriven: Ended;
  readonly redrivenStates: readonly string[];
  readonly after: DrillResult;
}

/** Of the faults that end in a named failure, the first one of each task, and the usual scenario after it. */
export function wayCases(faults: readonly DrillCase[], usual: readonly DrillCase[]): WayCase[] {
  const tasks = new Set<string>();
  return faults.flatMap((one) => {
    const { injection, machine, end = "" } = one;
    const after = usual.find((other) => other.machine === machine);
    if (injection === undefined || after === undefined) return [];
    const { state, once, fault } = injection;
    const task = `${machine.name} ${state}`;
    if (
      once ||
      fault.expect === "passing" ||
      fault.class === "malformed" ||
      !isNamedFailure(end) ||
      tasks.has(task)
    )
      return [];
    tasks.add(task);
    return [{ ...one, id: `failed-${one.id}`, injection, after: { ...after, id: `after-${one.id}` } }];
  });
}

/** Lets an execution fail, asks for its redrive, and goes on as the refusal says. */
export async function runWay(executions: Executions, one: WayCase): Promise<WayResult> {
  const sfn = executions.aws.sfn();
  const executionArn = await startCase(executions, one);
  const failed = await endOfExecution(sfn, executionArn);
  const events = await readHistory(sfn, executionArn);
  const said = await refusalOf(redriveNamed(executions, executionArn, localEnvironment));
  await sfn.send(new RedriveExecutionCommand({ executionArn }));
  const redriven = await endOfExecution(sfn, executionArn);
  const [, again = []] = attemptsIn(await readHistory(sfn, executionArn));
  const { refusal, from } = wayIn(said, one.id, events);
  return {
    case: one,
    failed,
    refusal,
    redriven,
    redrivenStates: visitsOf(again).map(({ state }) => state),
    after: await runCase(executions, { ...one.after, input: { ...one.input, ...from } }),
  };
}

async function refusalOf(redrive: Promise<unknown>): Promise<string> {
  try {
    await redrive;
    return "";
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message;
  }
}

/** What a refusal says, and the key of the input of an execution that starts as its command. */
function wayIn(
  refusal: string,
  of: string,
  events: readonly HistoryEvent[],
): { refusal: string; from: JsonObject } {
  const stage = stageNames.find((name) => refusal.includes(`--from ${name} `));
  if (stage === undefined) return { refusal, from: {} };
  try {
    return { refusal, from: { From: { ...fromOf(stage, of, earlierJobsIn(events)) } } };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { refusal: `${refusal}: ${error.message}`, from: {} };
  }
}

/** What is wrong with a way on. */
export function wayProblems(result: WayResult): string[] {
  const { case: one, failed, refusal, redriven, redrivenStates, after } = result;
  const { state } = one.injection;
  const way = expectedWay(one.machine.states, state);
  if (way === undefined)
    return [`${caseName(one)}: ${state} has no way on: add it in cli/drill/expected-ways.ts`];
  const expected = refusalEnd(way, one.id);
  const problems = [
    ...(refusal.endsWith(expected) ? [] : [`--redrive must refuse with "${expected}", said "${refusal}"`]),
    ...(redriven.error === failed.error && redriven.cause === failed.cause && redriven.redriveCount === 1
      ? []
      : [`a redrive must end as before, in ${failed.error}, ended in ${redriven.error}`]),
    ...(redrivenStates.join() === failed.error
      ? []
      : [`a redrive must enter ${failed.error} only, entered ${redrivenStates.join()}`]),
    ...(endOf(after) === "success"
      ? []
      : [`must succeed with ${way}, ended in ${endOf(after)} (${after.cause})`]),
    ...repeated(result, way),
  ];
  return problems.map((problem) => `${caseName(one)}, and on: ${problem}`);
}

function refusalEnd(way: Way, name: string): string {
  const execute = `npm run execute -- ${localEnvironment}`;
  if (way === "release") return `npm run rollback -- ${localEnvironment} 7`;
  if (way === "monitor") {
    return `npm run monitor -- ${localEnvironment} ${sameWindow(drilledWindow, new Date(), {})}`;
  }
  if (way === "retrain") return `npm run retrain -- ${localEnvironment} --why "drill"`;
  return way === "new" ? execute : `${execute} --from ${way} --of ${name}`;
}

/** States whose results the way on takes over; it must not enter them. */
const before: Readonly<Record<Way, readonly string[]>> = {
  new: [],
  release: [],
  monitor: [],
  retrain: [],
  ModelTraining: [jobKinds.prep.step.state],
  ModelEvaluation: [jobKinds.prep, jobKinds.train, jobKinds.tune].map(({ step }) => step.state),
};

function repeated({ after }: WayResult, way: Way): string[] {
  const entered = new Set(after.visits.map(({ state }) => state));
  return before[way].filter((state) => entered.has(state)).map((state) => `${state} must not run again`);
}
