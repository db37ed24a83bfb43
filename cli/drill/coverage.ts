/** Which parts of the definitions were driven, and by what. */

import type { Retrier } from "../../workflow/asl/states";
import { type DrilledMachine, faultsOf } from "./cases";
import { type Part, type PartKind, retrierName, retriersOf } from "./parts";
import type { DrillResult } from "./run";

/** Parts that no answer reaches, by name, with the reason. */
const unreachable: Readonly<Record<string, string>> = {
  "ReadFiles, catcher 1":
    "ReadFile catches every error of its call itself; this catcher is for one in the Map's own expressions, which ReadPackage has made valid.",
};

/** Why a part cannot be driven; undefined if it can. */
function reasonOf({ states }: DrilledMachine, { kind, name, state }: Part): string | undefined {
  const content = states.get(state);
  if (kind !== "retrier" || content?.Type !== "Task") return unreachable[name];
  const errors =
    retriersOf(content).find((_, index) => retrierName(state, index) === name)?.ErrorEquals ?? [];
  const documented = faultsOf(content).map(({ error }) => error);
  if (errors.some((error) => documented.includes(error))) return undefined;
  return `AWS documents no ${errors.join(" or ")} for this call; all calls of the service have the same retriers.`;
}

/** A part, and what drove it. */
export interface DrivenPart extends Part {
  /** The first definition that has it. */
  readonly definition: string;
  /** The first case that drove it; undefined if none did. */
  readonly drivenBy?: string;
  /** Why nothing can drive it; undefined if something can. */
  readonly unreachable?: string;
}

/** What has been driven until now. */
export class Coverage {
  readonly #drivenBy = new Map<string, string>();

  add(result: DrillResult, name: string): void {
    for (const key of drivenKeys(result)) {
      if (!this.#drivenBy.has(key)) this.#drivenBy.set(key, name);
    }
  }

  has(key: string): boolean {
    return this.#drivenBy.has(key);
  }

  /** Every part of the definitions once. */
  of(machines: readonly DrilledMachine[]): DrivenPart[] {
    const parts = new Map<string, DrivenPart>();
    for (const machine of machines) {
      for (const part of machine.marked.parts.filter(({ key }) => !parts.has(key))) {
        const drivenBy = this.#drivenBy.get(part.key);
        const reason = reasonOf(machine, part);
        parts.set(part.key, { ...part, definition: machine.name, drivenBy, unreachable: reason });
      }
    }
    return [...parts.values()];
  }
}

/** The keys of the parts that an execution drove. */
export function drivenKeys({ case: { machine }, visits }: DrillResult): string[] {
  const keys = new Map(machine.marked.parts.map(({ name, key }) => [name, key]));
  const names = visits.flatMap((visit) => [visit.state, ...usedRetriers(machine, visit)]);
  return [...new Set(names)].flatMap((name) => keys.get(name) ?? []);
}

/** A retrier was used if there was another call after its error. */
function usedRetriers({ states }: DrilledMachine, visit: DrillResult["visits"][number]): string[] {
  const state = states.get(visit.state);
  if (state === undefined) return [];
  const retriers = retriersOf(state);
  return visit.errors.slice(0, visit.calls - 1).flatMap((error) => {
    const index = retriers.findIndex((retrier) => matches(retrier, error));
    return index < 0 ? [] : [retrierName(visit.state, index)];
  });
}

function matches({ ErrorEquals }: Retrier, error: string): boolean {
  return ErrorEquals.includes(error) || ErrorEquals.includes("States.ALL");
}

/** What is wrong with the coverage: parts that nothing drove, and reasons that hold no longer. */
export function coverageProblems(parts: readonly DrivenPart[]): string[] {
  return parts.flatMap(({ name, definition, drivenBy, unreachable: reason }) => {
    if (drivenBy === undefined && reason === undefined) {
      return [
        `${definition}: nothing drove ${name}: add a scenario, or name the reason in cli/drill/coverage.ts`,
      ];
    }
    return drivenBy !== undefined && reason !== undefined
      ? [`${definition}: ${name} is named as unreachable, but ${drivenBy} drove it`]
      : [];
  });
}

/** Driven and all parts of a kind. */
export function counts(parts: readonly DrivenPart[], kind: PartKind) {
  const ofKind = parts.filter((part) => part.kind === kind);
  const reachable = ofKind.filter((part) => part.unreachable === undefined);
  return {
    kind,
    driven: reachable.filter(({ drivenBy }) => drivenBy !== undefined).length,
    reachable: reachable.length,
    unreachable: ofKind.length - reachable.length,
  };
}
