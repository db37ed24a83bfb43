import { cacheStates } from "../../workflow/steps/cache";
import { type StateVisit, secondsBetween, visitLine } from "./history";

/** The parts of an execution, each from its first state on. A state that is none of these belongs to the part before. */
const firstStates: Readonly<Record<string, string>> = {
  [cacheStates("prep").find]: "Preprocess",
  DataPreprocessing: "Preprocess",
  [cacheStates("tune").find]: "Tune",
  ModelTuning: "Tune",
  [cacheStates("train").find]: "Train",
  ModelTraining: "Train",
  KeepModel: "Evaluate",
  RegisterModel: "Register",
  ReadPackage: "Release",
  FindEndpoints: "Clean up",
};

/** States with which a part begins. */
export const phaseStarts = Object.keys(firstStates);

interface Phase {
  readonly name: string;
  readonly visits: StateVisit[];
}

/**
 * Turns visits into lines: one for each part of the execution, and one for each job and each error.
 *
 * The states of a part that fails are shown one by one.
 */
export class PhaseLines {
  #phase: Phase = { name: "Prepare", visits: [] };

  /** The part that the execution is in. */
  get current(): string {
    return this.#phase.name;
  }

  /** Takes a visit that has begun or ended, in order, and returns the lines of what has ended with it. */
  add(visit: StateVisit): string[] {
    const lines = this.#begin(visit);
    if (visit.endedAt === undefined) return lines;
    this.#phase.visits.push(visit);
    if (visit.waitsFor !== undefined) return [...lines, visit.waitsFor];
    return hasOwnLine(visit) ? [...lines, visitLine(visit)] : lines;
  }

  /** Returns the lines of the last part: its states one by one if the execution has failed. */
  finish(succeeded: boolean): string[] {
    if (succeeded) return this.#ended();
    const calls = this.#phase.visits.filter((visit) => isCall(visit) && !hasOwnLine(visit));
    return calls.map(visitLine);
  }

  #begin({ name }: StateVisit): string[] {
    const next = firstStates[name];
    if (next === undefined || next === this.#phase.name) return [];
    const lines = this.#ended();
    this.#phase = { name: next, visits: [] };
    return lines;
  }

  #ended(): string[] {
    const { name, visits } = this.#phase;
    const [first] = visits;
    // A part that is one job has the job's line.
    if (first === undefined || visits.some(({ job, taken }) => job !== undefined || taken !== undefined))
      return [];
    const seconds = secondsBetween(first.startedAt, visits.at(-1)?.endedAt);
    return [`${name.padEnd(24)}  ${`${seconds.toFixed(1)} s`.padStart(8)}`];
  }
}

function isCall({ type }: StateVisit): boolean {
  return type === "Task" || type === "Map";
}

function hasOwnLine(visit: StateVisit): boolean {
  const { job, taken, error } = visit;
  return isCall(visit) && (job !== undefined || taken !== undefined || error !== undefined);
}
