import { type MonitoredWindow, monitoredWindow } from "../../workflow/monitoring/monitor";
import type { MonitorInput } from "../../workflow/steps/monitor-input";
import { UsageError } from "../terminal/errors";

/** Which window is to be judged; by default the one of the schedule. */
export interface WindowOptions {
  /** Up to now. */
  readonly hours?: number;
  readonly since?: string;
  readonly until?: string;
}

/**
 * The input of the monitor.
 *
 * @throws UsageError if a time cannot be read, or the options contradict each other
 */
export function windowInput({ hours, since, until }: WindowOptions, now = new Date()): MonitorInput {
  if (hours !== undefined && (since !== undefined || until !== undefined)) {
    throw new UsageError("--hours is a window that ends now: leave it out, or --since and --until");
  }
  if (hours !== undefined) {
    return {
      WindowStart: new Date(now.getTime() - hours * 3_600_000).toISOString(),
      WindowEnd: now.toISOString(),
    };
  }
  return {
    ...(since !== undefined && { WindowStart: time("--since", since) }),
    ...(until !== undefined && { WindowEnd: time("--until", until) }),
  };
}

const minute = 60_000;
const hour = 60 * minute;

/**
 * The options that judge the window of an earlier run again; none if its input is no window.
 *
 * @param started when that run began: its window ends then, less the delay, unless its input says otherwise
 */
export function sameWindow(input: MonitorInput, started: Date, props: MonitoredWindow): string {
  const { windowInHours, delayInMinutes } = monitoredWindow(props);
  const ends =
    input.WindowEnd === undefined
      ? Math.floor(started.getTime() / minute - delayInMinutes) * minute
      : Date.parse(input.WindowEnd);
  const starts =
    input.WindowStart === undefined ? ends - windowInHours * hour : Date.parse(input.WindowStart);
  if (Number.isNaN(starts) || Number.isNaN(ends)) return "";
  return `--since ${new Date(starts).toISOString()} --until ${new Date(ends).toISOString()}`;
}

function time(option: string, text: string): string {
  const date = new Date(text);
  // A time without a zone would be one of this machine.
  if (Number.isNaN(date.getTime()) || !/^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:\d{2}))?$/.test(text)) {
    throw new UsageError(
      `${option} must be a time with its zone, such as 2026-01-31T12:00Z, or a day of UTC such as 2026-01-31, got ${text}`,
    );
  }
  return date.toISOString();
}
