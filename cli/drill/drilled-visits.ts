import type { HistoryEvent } from "@aws-sdk/client-sfn";

/** One visit of an execution to a state. */
export interface DrilledVisit {
  readonly state: string;
  readonly calls: number;
  /** Of its calls that failed, in order. */
  readonly errors: readonly string[];
}

/** The visits of an execution to its states, from its history. */
export function visitsOf(events: readonly HistoryEvent[]): DrilledVisit[] {
  const visits = new Map<number, { state: string; calls: number; errors: string[] }>();
  const visitOf = new Map<number, number>();
  for (const event of events) {
    const { id = 0, type = "", previousEventId = 0 } = event;
    const visit = type.endsWith("StateEntered") ? id : visitOf.get(previousEventId);
    if (visit === undefined) continue;
    visitOf.set(id, visit);
    if (visit === id)
      visits.set(id, { state: event.stateEnteredEventDetails?.name ?? "", calls: 0, errors: [] });
    const current = visits.get(visit);
    if (type === "TaskScheduled" && current !== undefined) current.calls += 1;
    const error = event.taskFailedEventDetails?.error ?? event.taskTimedOutEventDetails?.error;
    if (error !== undefined) current?.errors.push(error);
  }
  return [...visits.values()];
}
