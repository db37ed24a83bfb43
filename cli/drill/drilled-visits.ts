import type { HistoryEvent } from "@aws-sdk/client-sfn";

/** One visit of an execution to a state. */
export interface DrilledVisit {
  readonly state: string;
  readonly calls: number;
  /** Of its calls that failed, in order. */
  readonly errors: readonly string[];
}

/** One call of a state. */
export interface DrilledCall {
  readonly state: string;
  /** As JSON. */
  readonly parameters: string;
}

/** The visits of an execution to its states, from its history. */
export function visitsOf(events: readonly HistoryEvent[]): DrilledVisit[] {
  const visits = new Map<number, { state: string; calls: number; errors: string[] }>();
  for (const [event, visit] of eventsOfVisits(events)) {
    if (visit === event.id)
      visits.set(visit, { state: event.stateEnteredEventDetails?.name ?? "", calls: 0, errors: [] });
    const current = visits.get(visit);
    if (event.type === "TaskScheduled" && current !== undefined) current.calls += 1;
    const error = event.taskFailedEventDetails?.error ?? event.taskTimedOutEventDetails?.error;
    if (error !== undefined) current?.errors.push(error);
  }
  return [...visits.values()];
}

/** The calls of an execution, in order, from its history. */
export function callsOf(events: readonly HistoryEvent[]): DrilledCall[] {
  const states = new Map(
    events.map(({ id, stateEnteredEventDetails }) => [id, stateEnteredEventDetails?.name]),
  );
  return eventsOfVisits(events).flatMap(([{ taskScheduledEventDetails: scheduled }, visit]) =>
    scheduled === undefined
      ? []
      : [{ state: states.get(visit) ?? "", parameters: scheduled.parameters ?? "{}" }],
  );
}

/** The events in visits of states, each with the event that began the visit. */
function eventsOfVisits(events: readonly HistoryEvent[]): [HistoryEvent, number][] {
  const visitOf = new Map<number, number>();
  return events.flatMap((event) => {
    const { id = 0, type = "", previousEventId = 0 } = event;
    const visit = type.endsWith("StateEntered") ? id : visitOf.get(previousEventId);
    if (visit === undefined) return [];
    visitOf.set(id, visit);
    return [[event, visit] as [HistoryEvent, number]];
  });
}
