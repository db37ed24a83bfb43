/** The executions of a drill: each scenario of each definition, and then each fault of each call. */

import type { JsonObject } from "../../workflow/asl/jsonata";
import type { State, TaskState } from "../../workflow/asl/states";
import { type Answer, type Answers, usualAnswers, versionArn } from "./answers";
import type { DrilledDefinition } from "./definitions";
import { endsOfEmptyResults, expectedEnd } from "./expected-ends";
import { type CallKind, type Fault, faults } from "./faults";
import { catchersOf, type MarkedDefinition, marked, statesOf } from "./parts";
import { type End, type Scenario, scenarios } from "./scenarios";

/** A definition, with its marks. */
export interface DrilledMachine extends DrilledDefinition {
  readonly marked: MarkedDefinition;
  readonly states: ReadonlyMap<string, State>;
}

/** A fault at the calls of one state. */
export interface Injection {
  readonly state: string;
  readonly fault: Fault;
  /** Whether only the first call gets it. */
  readonly once: boolean;
}

/** One execution, and how it must end. */
export interface DrillCase {
  readonly id: string;
  readonly machine: DrilledMachine;
  readonly scenario: Scenario;
  readonly injection?: Injection;
  readonly answers: Answers;
  readonly input: JsonObject;
  /** Undefined if nobody has decided it. */
  readonly end: End | undefined;
  /** Another execution that needs answers. */
  readonly after?: DrillCase;
}

export function drilledMachine(definition: DrilledDefinition): DrilledMachine {
  return {
    ...definition,
    marked: marked(definition.definition),
    states: new Map(statesOf(definition.definition)),
  };
}

/** The scenarios of each definition that has their states. */
export function scenarioCases(machines: readonly DrilledMachine[]): DrillCase[] {
  return machines.flatMap((machine) =>
    scenarios
      .filter((scenario) => isFor(scenario, machine))
      .map((scenario, index) => ({
        id: `scenario-${index}`,
        machine,
        scenario,
        answers: answersOf(machine, scenario.answers),
        input: inputOf(machine, scenario),
        end: scenario.end,
      })),
  );
}

/** The scenario of a definition in which nothing is unusual. */
export function usualCase(machine: DrilledMachine): DrillCase {
  return scenarioCases([machine])[0] as DrillCase;
}

function isFor({ answers, needs = [], without = [] }: Scenario, { states }: DrilledMachine): boolean {
  const needed = [...Object.keys(answers), ...needs];
  return needed.every((state) => states.has(state)) && !without.some((state) => states.has(state));
}

/** A release is of a version, a retraining has a reason, and the monitor's window moves with the time; the workflow's input may be empty. */
function inputOf({ states, base, references }: DrilledMachine, { input }: Scenario): JsonObject {
  const given = input?.(base) ?? {};
  if (states.has("JudgeTraffic")) return { ...drilledWindow, ...given };
  if (states.has("RetrainingDecided")) return { Reason: { Kind: "manual", Why: "drill" }, ...given };
  return states.has("RegisterModel") ? given : { ModelPackageArn: versionArn(base, references), ...given };
}

/** The window of the monitor's runs. */
export const drilledWindow = { WindowStart: "2026-01-02T00:00:00Z", WindowEnd: "2026-01-03T00:00:00Z" };

/** The usual answers of the definition's states, and those that differ. */
function answersOf(machine: DrilledMachine, more: Answers): Answers {
  const all = { ...usualAnswers(machine), ...more };
  return Object.fromEntries(Object.entries(all).filter(([state]) => machine.states.has(state)));
}

/**
 * Every fault of every call, in the first scenario that makes the call.
 *
 * A state that is the same in several definitions is drilled in the first of them.
 */
export function faultCases(
  machines: readonly DrilledMachine[],
  wayTo: (machine: DrilledMachine, state: string) => Scenario | undefined,
): DrillCase[] {
  const drilled = new Set<string>();
  return machines.flatMap((machine) =>
    tasksOf(machine).flatMap(({ name, task, key }) => {
      const scenario = wayTo(machine, name);
      if (scenario === undefined || drilled.has(key)) return [];
      drilled.add(key);
      return faultsOf(task)
        .flatMap((fault) => injections(name, fault))
        .map((injection, index) => faultCase(machine, scenario, injection, index));
    }),
  );
}

/** The names of a definition's tasks. */
export function taskNames({ states }: DrilledMachine): string[] {
  return [...states].flatMap(([name, { Type }]) => (Type === "Task" ? [name] : []));
}

/** The tasks of a definition; a key is the same if the task, the Map around it and the ends of both are the same. */
function tasksOf({ marked: { parts }, states }: DrilledMachine) {
  const keys = new Map(parts.flatMap(({ kind, state, key }) => (kind === "state" ? [[state, key]] : [])));
  return [...states].flatMap(([name, task]) => {
    if (task.Type !== "Task") return [];
    const around = [...states].filter(
      ([, state]) => state.Type === "Map" && name in state.ItemProcessor.States,
    );
    const caught = [task, ...around.map(([, state]) => state)].flatMap(catchersOf).map(({ Next }) => Next);
    const related = [name, ...around.map(([outer]) => outer), ...caught];
    return [{ name, task, key: related.map((state) => keys.get(state)).join() }];
  });
}

/** The documented faults of a task's call. */
export function faultsOf(task: TaskState): readonly Fault[] {
  const { kind, action } = callOf(task.Resource);
  return faults[kind].filter(({ actions }) => actions === undefined || actions.includes(action));
}

/** The kind of a call, and its action, from a state's resource. */
export function callOf(resource: string): { readonly kind: CallKind; readonly action: string } {
  const [service = "", action = ""] = resource.split(":").slice(-2);
  const kind = Object.entries(kinds).find(([pattern]) =>
    `${resource.includes(":aws-sdk:") ? "sdk:" : ""}${service}:${action}`.match(pattern),
  );
  if (kind === undefined)
    throw new Error(`${resource} has no errors in cli/drill/faults.ts: add its kind of call`);
  return { kind: kind[1], action: action.replace(/\.sync.*/, "") };
}

const kinds: Readonly<Record<string, CallKind>> = {
  "^sagemaker:.*\\.sync": "sagemakerJob",
  "^sagemaker:": "sagemaker",
  "^sdk:sagemaker:": "sagemakerSdk",
  "^lambda:": "lambda",
  "^sdk:s3:": "s3Sdk",
  "^sdk:cloudwatch:": "cloudWatchSdk",
  "^sdk:applicationautoscaling:": "scalingSdk",
  "^sdk:sfn:": "stepFunctionsSdk",
  "^events:": "events",
};

function injections(state: string, fault: Fault): Injection[] {
  const lasting = { state, fault, once: false };
  return fault.expect === "passing" ? [lasting, { state, fault, once: true }] : [lasting];
}

function faultCase(
  machine: DrilledMachine,
  scenario: Scenario,
  injection: Injection,
  index: number,
): DrillCase {
  const { state, fault, once } = injection;
  const isRefused = !once && fault.class !== "malformed";
  const answers = answersOf(machine, { ...scenario.answers, ...(isRefused ? scenario.whileRefused : {}) });
  const answer = answerOf(fault);
  return {
    id: `${state}-${index}`,
    machine,
    scenario,
    injection,
    answers: { ...answers, [state]: once ? [answer, ...(answers[state] ?? [])] : [answer] },
    input: inputOf(machine, scenario),
    end: once ? scenario.end : endOf(machine, state, fault),
  };
}

function endOf({ states }: DrilledMachine, state: string, { class: of, expect }: Fault): End | undefined {
  if (expect === "unstoppable") return uncaught;
  return (of === "malformed" ? endsOfEmptyResults[state] : undefined) ?? expectedEnd(states, state);
}

/** More than a state may return. */
const tooLarge = "x".repeat(270_000);

/** The error of a result that is too large: no `States.ALL` catches it. */
export const uncaught = "States.DataLimitExceeded";

function answerOf({ class: of, error, cause, expect }: Fault): Answer {
  if (expect === "unstoppable") return { result: tooLarge };
  return of === "malformed" ? { result: {} } : { error, cause };
}
