/** Whether an execution ended as its user expects. */

import { failures } from "../../workflow/failures";
import { jobKindOf } from "../../workflow/job-kinds";
import type { DrillCase, Injection } from "./cases";
import { expectedEnds, mostCalls, mostCallsOfJobs, usualCalls } from "./expected-ends";
import type { Fault } from "./faults";
import type { DrillResult } from "./run";

/** What a case is called in reports. */
export function caseName({ machine, scenario, injection }: DrillCase): string {
  const where = `${machine.name}, ${scenario.name}`;
  if (injection === undefined) return where;
  const { state, fault, once } = injection;
  return `${where}: ${state} gets ${fault.error} (${fault.class}) ${once ? "once" : "always"}`;
}

/** What is wrong with an end; nothing if it is as expected. */
export function problemsOf(result: DrillResult): string[] {
  const { case: one } = result;
  const problems = [
    ...endProblems(result),
    ...(one.injection === undefined ? [] : callProblems(result, one.injection)),
  ];
  return problems.map((problem) => `${caseName(one)}: ${problem}`);
}

function endProblems(result: DrillResult): string[] {
  const { case: one } = result;
  if (one.end === undefined) {
    return ["the state has no expected end: decide what its users expect, in cli/drill/expected-ends.ts"];
  }
  const got = endOf(result);
  if (got !== one.end) {
    return [
      `must end in ${one.end}, ended in ${got} (${(result.cause ?? result.output ?? "").slice(0, 300)})`,
    ];
  }
  const { injection } = one;
  if (injection === undefined || injection.once) return [];
  return keeps(result, injection.fault)
    ? []
    : [`the end must say why, but does not: ${result.cause ?? result.output}`];
}

export function endOf({ status, error, output = "{}" }: DrillResult): string {
  if (status !== "SUCCEEDED") return error ?? status;
  const { Warnings = [] } = JSON.parse(output) as { Warnings?: readonly string[] };
  return Warnings.length > 0 ? "warning" : "success";
}

/** A named failure has the reason that the call gave; a success needs none, and an empty result gives none. */
function keeps({ case: { end }, cause, output }: DrillResult, fault: Fault): boolean {
  if (fault.class === "malformed" || end === undefined || !(end in failures || end === "warning"))
    return true;
  const texts = textsIn(JSON.parse(cause ?? output ?? "{}"));
  return texts.some((text) => text.includes(reasonOf(fault)));
}

/** The text that AWS gives as the reason: a job's, a function's or the call's own, or the error if there is none. */
function reasonOf({ error, cause }: Fault): string {
  if (cause === undefined) return error;
  if (!cause.startsWith("{")) return cause;
  const { FailureReason, errorMessage } = JSON.parse(cause) as Record<string, string>;
  return FailureReason ?? errorMessage ?? cause;
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(textsIn) : [];
}

function callProblems(result: DrillResult, injection: Injection): string[] {
  const { state, fault, once } = injection;
  if (once) return [];
  const calls = mostCallsOf(result, state);
  const [least, most] = allowedCalls(state, fault);
  return calls >= least && calls <= most
    ? []
    : [`must make ${least === most ? least : `${least} to ${most}`} calls, made ${calls}`];
}

/** The calls of a state; of one that runs for each item of a Map, those for one item. */
function mostCallsOf({ case: { machine }, visits }: DrillResult, state: string): number {
  const calls = visits.filter((visit) => visit.state === state).map((visit) => visit.calls);
  const isInMap = !(state in machine.definition.States);
  return isInMap ? Math.max(0, ...calls) : calls.reduce((sum, count) => sum + count, 0);
}

function allowedCalls(state: string, { class: of, expect, sharesName = false }: Fault): [number, number] {
  const waiting = jobKindOf(state) === undefined ? undefined : mostCallsOfJobs[of];
  const most = waiting ?? mostCalls[state] ?? usualCalls;
  // Nothing depends on a call whose failure may stay unnoticed.
  if (expect === "passing") return [expectedEnds[state] === "success" ? 1 : 2, most];
  if (expect === "lasting") return [1, sharesName || state in mostCalls ? most : 1];
  return [1, 1];
}
