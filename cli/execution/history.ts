import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { waitsForVariable } from "../../workflow/asl/capacity";
import { jobKinds, jobNameKeys } from "../../workflow/job-kinds";
import { cachedKinds, cacheStates } from "../../workflow/steps/cache";

/** One visit of an execution to a state. */
export interface StateVisit {
  readonly name: string;
  /** The state's type: Task, Wait, Choice, … */
  readonly type: string;
  /** The number of this visit to the state, from 1. */
  readonly visit: number;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  /** Calls in this visit: more than one if a retrier retried. */
  readonly attempts: number;
  /** Name of the processing or training job, if the state runs one. */
  readonly job?: string;
  /** The state whose job does not run, and the earlier job whose result it has. */
  readonly taken?: { readonly state: string; readonly job: string };
  /** What the state looked for is not there. */
  readonly isAbsent?: boolean;
  /** The latest error of an attempt, or of the whole visit. */
  readonly error?: string;
  /** What the next state waits for, as the state itself says it. */
  readonly waitsFor?: string;
}

/** Converts an execution's history, event by event, to the visits to its states. */
export class ExecutionHistory {
  private readonly visitsById = new Map<number, StateVisit>();
  private lastEventId = 0;
  /** The visit that an event belongs to, by event id. */
  private readonly visitOf = new Map<number, number>();

  get visits(): readonly StateVisit[] {
    return [...this.visitsById.values()];
  }

  get lastId(): number {
    return this.lastEventId;
  }

  /** Adds new events, oldest first, and returns the visits that changed. */
  add(events: readonly HistoryEvent[]): StateVisit[] {
    const changed = new Set<number>();
    for (const event of events) {
      const id = event.id ?? 0;
      if (id <= this.lastEventId) continue;
      this.lastEventId = id;
      const visitId = this.take(event, id);
      if (visitId !== undefined) changed.add(visitId);
    }
    return [...changed].map((id) => this.visitsById.get(id) as StateVisit);
  }

  private take(event: HistoryEvent, id: number): number | undefined {
    const { type = "", timestamp = new Date(0), previousEventId = 0 } = event;
    if (type.endsWith("StateEntered")) {
      const name = event.stateEnteredEventDetails?.name ?? "";
      const before = this.visits.filter((visit) => visit.name === name).length;
      const kind = type.slice(0, -"StateEntered".length);
      this.visitsById.set(id, { name, type: kind, visit: before + 1, startedAt: timestamp, attempts: 0 });
      this.visitOf.set(id, id);
      return id;
    }
    if (type === "ExecutionRedriven") return this.goOn(id);
    const visitId = this.visitOf.get(previousEventId);
    const visit = visitId === undefined ? undefined : this.visitsById.get(visitId);
    if (visitId === undefined || visit === undefined || visit.endedAt !== undefined) return undefined;
    this.visitOf.set(id, visitId);
    const update = changes(event, type, visit, timestamp);
    if (update === undefined) return undefined;
    this.visitsById.set(visitId, { ...visit, ...update });
    return visitId;
  }

  /** A redrive goes on in the visit that has not ended, whether or not the history says that it is entered again. */
  private goOn(id: number): undefined {
    const open = [...this.visitsById].reverse().find(([, { endedAt }]) => endedAt === undefined);
    if (open === undefined) return;
    const [visitId, { error: _, ...visit }] = open;
    this.visitsById.set(visitId, visit);
    this.visitOf.set(id, visitId);
  }
}

/** What an event changes in its visit. */
function changes(
  event: HistoryEvent,
  type: string,
  visit: StateVisit,
  timestamp: Date,
): Partial<StateVisit> | undefined {
  if (type === "TaskScheduled") {
    const job = jobName(event.taskScheduledEventDetails?.parameters);
    return { attempts: visit.attempts + 1, ...(job === undefined ? {} : { job }) };
  }
  if (type.endsWith("StateExited")) return { endedAt: timestamp, ...waitsFor(event), ...taken(event) };
  const details =
    event.taskFailedEventDetails ??
    event.taskSubmitFailedEventDetails ??
    event.taskStartFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.lambdaFunctionFailedEventDetails;
  if (details?.error === undefined) return undefined;
  return isMissing(details) ? { isAbsent: true } : { error: details.error };
}

function waitsFor({ stateExitedEventDetails: details }: HistoryEvent): Partial<StateVisit> {
  const text = details?.assignedVariables?.[waitsForVariable];
  return text === undefined ? {} : { waitsFor: JSON.parse(text) as string };
}

/** The earlier result that the cache has found. */
function taken({ stateExitedEventDetails: exited }: HistoryEvent): Partial<StateVisit> {
  const kind = cachedKinds.find((one) => cacheStates(one).find === exited?.name);
  const text = exited?.assignedVariables?.earlierResult;
  if (kind === undefined || text === undefined || exited?.assignedVariablesDetails?.truncated) return {};
  const { Hit, Result } = JSON.parse(text) as { Hit?: boolean; Result?: { JobName?: string } };
  return Hit === true ? { taken: { state: jobKinds[kind].step.state, job: Result?.JobName ?? "" } } : {};
}

/** Whether a state looked for what is not there, which is an answer: SageMaker has no error name of its own for that. */
function isMissing({
  error = "",
  cause = "",
}: {
  readonly error?: string;
  readonly cause?: string;
}): boolean {
  return error.startsWith("SageMaker.") && cause.includes("Could not find");
}

function jobName(parameters: string | undefined): string | undefined {
  if (parameters === undefined) return undefined;
  // The evaluation function's input also names a job; only a job's own request has a role.
  if (!parameters.includes('"RoleArn"')) return undefined;
  const request = JSON.parse(parameters) as Readonly<Record<string, string>>;
  return jobNameKeys.map((key) => request[key]).find((name) => name !== undefined);
}

/** Summary of a state's visits, for the report. */
export interface StateSummary {
  readonly name: string;
  readonly visits: number;
  readonly seconds: number;
  /** Jobs of the state, in order. */
  readonly jobs: readonly string[];
}

/** Summarizes visits by state, in the order of the first visits. */
export function summarize(visits: readonly StateVisit[]): StateSummary[] {
  const byName = new Map<string, StateVisit[]>();
  for (const visit of visits) byName.set(visit.name, [...(byName.get(visit.name) ?? []), visit]);
  return [...byName].map(([name, all]) => ({
    name,
    visits: all.length,
    seconds: all.reduce((sum, { startedAt, endedAt }) => sum + secondsBetween(startedAt, endedAt), 0),
    jobs: all.flatMap(({ job }) => (job === undefined ? [] : [job])),
  }));
}

export function secondsBetween(start: Date, end: Date | undefined): number {
  return end === undefined ? 0 : Math.round((end.getTime() - start.getTime()) / 10) / 100;
}

/** Formats a visit as one line. */
export function visitLine({
  name,
  visit,
  startedAt,
  endedAt,
  attempts,
  job,
  taken: earlier,
  isAbsent,
  error,
}: StateVisit): string {
  const parts = [
    (earlier?.state ?? name).padEnd(24),
    endedAt === undefined ? "" : `${secondsBetween(startedAt, endedAt).toFixed(1)} s`.padStart(8),
    job,
    visit > 1 ? `visit ${visit}` : undefined,
    attempts > 1 ? `attempt ${attempts}` : undefined,
    earlier === undefined ? undefined : `taken from ${earlier.job}, nothing changed`,
    isAbsent === true ? "none yet" : undefined,
    error === undefined ? undefined : `caught ${error}`,
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("  ");
}
