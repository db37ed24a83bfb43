/** The words in which the cache explains itself. */

import type { CacheReport, ExecutionReport } from "../../workflow/steps/report";

/** One step in one line. */
export function cacheText(state: string, { Hit, Reason, JobName = "", ...found }: CacheReport): string {
  if (Hit) return `${state} taken from ${JobName}, ${Reason}`;
  const recorded = found.Recorded === false ? `; not recorded: ${found.NotRecorded}` : "";
  return `${state} ran: ${Reason}${recorded}`;
}

/** Every step of an execution, with what has changed. */
export function explanationText(cache: NonNullable<ExecutionReport["Cache"]>): string {
  return Object.entries(cache)
    .flatMap(([state, found]) => [
      `${found.Hit ? "hit " : "miss"}  ${cacheText(state, found)}`,
      ...changesText(found),
    ])
    .join("\n");
}

function changesText({ Hit, Changes = [], JobName, Execution, RecordedAt }: CacheReport): string[] {
  if (JobName === undefined) return [];
  const origin = `of execution ${Execution}, recorded ${RecordedAt}`;
  if (Hit) return [`        ${origin}`];
  return [
    `        the nearest earlier result is that of ${JobName}, ${origin}`,
    ...Changes.map(({ Field, Old, New }) => `        ${Field}: ${value(Old)} → ${value(New)}`),
  ];
}

function value(given: string | number | boolean | null): string {
  return given === null ? "none" : String(given);
}
