/** Executions in which each task fails once with an error that no state catches, and is redriven. */

import { type HistoryEvent, RedriveExecutionCommand } from "@aws-sdk/client-sfn";
import { jobKindOf, jobNameKeys } from "../../workflow/job-kinds";
import { prefixes } from "../../workflow/prefixes";
import type { Executions } from "../execution/named-execution";
import { readHistory } from "../execution/variables";
import { type DrillCase, taskNames, uncaught } from "./cases";
import { callsOf, type DrilledCall, type DrilledVisit, visitsOf } from "./drilled-visits";
import { caseName, endOf } from "./judgement";
import { type DrillResult, endOfExecution, startCase } from "./run";

/** What an execution did until it failed, or to its end. */
interface Attempt {
  readonly visits: readonly DrilledVisit[];
  readonly calls: readonly DrilledCall[];
}

/** A scenario in which the first call of some states gets an error that no state catches. */
export interface RedrivenCase extends DrillCase {
  readonly failing: readonly string[];
}

/** How an execution ended after its redrives. */
export interface RedrivenResult extends DrillResult {
  readonly case: RedrivenCase;
  readonly redriveCount: number;
  readonly attempts: readonly Attempt[];
}

/** The scenario of a result, in which the first call of some states fails. */
export function redrivenCase({ case: one }: DrillResult, failing: readonly string[]): RedrivenCase {
  const first = failing.map((state) => [state, [{ error: uncaught }, ...(one.answers[state] ?? [])]]);
  return {
    ...one,
    id: `redriven-${one.id}`,
    answers: { ...one.answers, ...Object.fromEntries(first) },
    failing,
  };
}

/** Runs the execution of a case to its end, and redrives it whenever it fails with an error that no state catches. */
export async function runRedriven(executions: Executions, one: RedrivenCase): Promise<RedrivenResult> {
  const sfn = executions.aws.sfn();
  const executionArn = await startCase(executions, one);
  let end = await endOfExecution(sfn, executionArn);
  for (let left = one.failing.length; end.error === uncaught && left > 0; left -= 1) {
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
    end = await endOfExecution(sfn, executionArn);
  }
  const { status = "", error, cause, output, redriveCount = 0 } = end;
  const attempts = attemptsIn(await readHistory(sfn, executionArn)).map((events) => ({
    visits: visitsOf(events),
    calls: callsOf(events),
  }));
  const visits = attempts.flatMap((attempt) => attempt.visits);
  return { case: one, status, error, cause, output, visits, redriveCount, attempts };
}

/** The events of each attempt: before, between and after the redrives. */
export function attemptsIn(events: readonly HistoryEvent[]): HistoryEvent[][] {
  const attempts: HistoryEvent[][] = [[]];
  for (const event of events) {
    if (event.type === "ExecutionRedriven") attempts.push([]);
    attempts.at(-1)?.push(event);
  }
  return attempts;
}

/** The tasks that failed, and went on after a redrive. */
export function redrivenTasks({ case: { machine }, attempts }: RedrivenResult): string[] {
  const tasks = new Set(taskNames(machine));
  return attempts.slice(0, -1).flatMap(({ visits }) => {
    const failed = visits.find(({ state, errors }) => tasks.has(state) && errors.includes(uncaught));
    return failed === undefined ? [] : [failed.state];
  });
}

/** What is wrong with redrives; nothing if the execution did what it does undisturbed, and each failed state twice. */
export function redriveProblems(result: RedrivenResult, undisturbed: DrillResult): string[] {
  const { case: one, redriveCount, attempts } = result;
  const { failing } = one;
  const problems = [
    ...(endOf(result) === one.end
      ? []
      : [`must end in ${one.end}, ended in ${endOf(result)} (${result.cause})`]),
    ...differs("redriven", [...redrivenTasks(result)].sort(), [...failing].sort()),
    ...(redriveCount === failing.length && attempts.length === redriveCount + 1
      ? []
      : [`must be redriven ${failing.length} times, got ${redriveCount} in ${attempts.length} attempts`]),
    ...pathProblems(result, undisturbed),
    ...callProblems(result),
    ...differs("output", [neutral(result)], [neutral(undisturbed)]),
  ];
  return problems.map((problem) => `${caseName(one)}, redriven: ${problem}`);
}

/** A redrive enters the state that failed, and then those after it: no other state is entered more often than usual. */
function pathProblems({ case: { machine }, attempts }: RedrivenResult, undisturbed: DrillResult): string[] {
  const path = ({ visits }: Pick<Attempt, "visits">) =>
    visits.map(({ state }) => state).filter((state) => state in machine.marked.definition.States);
  const paths = attempts.map(path);
  const again = paths.slice(1).flatMap((states, index) => {
    const failed = paths[index]?.at(-1);
    return states[0] === failed
      ? []
      : [`the redrive after ${failed} failed must enter it, entered ${states[0]}`];
  });
  const whole = paths.flatMap((states, index) => (index === 0 ? states : states.slice(1)));
  return [...again, ...differs("states", whole, path(undisturbed))];
}

/** Jobs have new names, all else is requested as before: the variables and the code are those of the first attempt. */
function callProblems(result: RedrivenResult): string[] {
  const { attempts } = result;
  const calls = attempts.flatMap((attempt) => attempt.calls);
  const names = calls
    .filter(({ state }) => jobKindOf(state) !== undefined)
    .flatMap(({ parameters }) => Object.entries(JSON.parse(parameters) as Record<string, string>))
    .flatMap(([key, name]) => (jobNameKeys.includes(key) ? [name] : []));
  const code = calls.flatMap(({ parameters }) =>
    [...parameters.matchAll(pinnedFolder)].map(([folder]) => folder),
  );
  const changed = attempts
    .slice(1)
    .flatMap((after, index) => changedCall(result, attempts[index] as Attempt, after));
  return [
    ...(new Set(names).size === names.length ? [] : [`names of jobs must be new, got ${names.join(", ")}`]),
    ...(new Set(code).size <= 1
      ? []
      : [`the code must be that of the start, got ${[...new Set(code)].join(", ")}`]),
    ...changed,
  ];
}

const pinnedFolder = new RegExp(`${prefixes.executionCode}[^/"]+/`, "g");
/** The hash, and the numbers of attempts, in a name that is new for each of them. */
const freshPart = /-[0-9a-f]{8,}(-\d+)*(?=")/g;

/** The call that failed comes again; in a Map it may be that of any item, and those of other items may come first. */
function changedCall({ case: { machine } }: RedrivenResult, before: Attempt, after: Attempt): string[] {
  const state = after.calls[0]?.state ?? "";
  const requests = ({ calls }: Attempt) =>
    calls.filter((call) => call.state === state).map(({ parameters }) => parameters.replace(freshPart, ""));
  const isInMap = !(state in machine.definition.States);
  const failed = isInMap ? requests(before) : requests(before).slice(-1);
  const again = isInMap ? requests(after) : requests(after).slice(0, 1);
  return failed.some((request) => again.includes(request))
    ? []
    : [`${state} must be called as before, with ${failed.join(" or ")}, got ${again.join(" or ")}`];
}

/** An end without what is different in each execution. */
function neutral({ case: { id }, output = "" }: DrillResult): string {
  return output.replaceAll(id, "").replace(/[0-9a-f]{8}/g, "");
}

function differs(what: string, got: readonly string[], expected: readonly string[]): string[] {
  const index = expected.findIndex((value, at) => got[at] !== value);
  if (index < 0 && got.length === expected.length) return [];
  const at = index < 0 ? expected.length : index;
  return [
    `${what} must be as usual, but number ${at + 1} must be ${expected[at] ?? "none"}, got ${got[at] ?? "none"}`,
  ];
}
