/** When a schedule of EventBridge Scheduler fires. */

const minute = 1;
const hour = 60;
const day = 24 * hour;
const units = { minute, hour, day } as const;
/** Two years: 2026 and 2027, none of which is a leap year. */
const observed = { first: Date.UTC(2026, 0, 1), days: 2 * 365, months: 24 } as const;

/** How often a schedule fires. */
export interface Firing {
  /** On average. */
  readonly timesPerMonth: number;
  /** The longest time between two firings, in minutes. */
  readonly longestGapInMinutes: number;
}

/**
 * Reads how often a schedule fires.
 *
 * @param expression `rate(…)`, or `cron(…)` with six fields; changes of daylight saving time are not counted
 * @returns undefined for anything else, and for a cron expression that never fires
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function firing(expression: string): Firing | undefined {
  const [, value, unit] = /^rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)$/.exec(expression) ?? [];
  if (value !== undefined) {
    const gap = Number(value) * units[unit as keyof typeof units];
    if (gap === 0) return undefined;
    return { timesPerMonth: (observed.days * day) / observed.months / gap, longestGapInMinutes: gap };
  }
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  return fields.length === 6 ? ofTimes(times(fields)) : undefined;
}

/** @param all minutes of the observed time, in order */
function ofTimes(all: readonly number[]): Firing | undefined {
  const gaps = all.slice(1).map((time, index) => time - (all[index] as number));
  if (gaps.length === 0) return undefined;
  return {
    timesPerMonth: all.length / observed.months,
    longestGapInMinutes: gaps.reduce((longest, gap) => Math.max(longest, gap), 0),
  };
}

function times([minutes = "", hours = "", dayOfMonth = "", month = "", dayOfWeek = ""]: readonly string[]) {
  const days: number[] = [];
  for (let index = 0; index < observed.days; index++) {
    const date = new Date(observed.first + index * day * 60_000);
    const isDay =
      isIn(month, date.getUTCMonth() + 1, 1, 12) &&
      isDayOfMonth(dayOfMonth, date) &&
      isDayOfWeek(dayOfWeek, date);
    if (isDay) days.push(index * day);
  }
  const list = (field: string, high: number) =>
    Array.from({ length: high + 1 }, (_, value) => value).filter((value) => isIn(field, value, 0, high));
  const ofDay = list(hours, 23).flatMap((at) => list(minutes, 59).map((past) => at * hour + past));
  return days.flatMap((start) => ofDay.map((time) => start + time));
}

function isDayOfMonth(field: string, date: Date): boolean {
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return parts(field).some((part) => {
    if (part === "L") return date.getUTCDate() === lastDay;
    // The weekday next to it is at most two days away.
    return isIn(part.replace(/W$/, ""), date.getUTCDate(), 1, 31);
  });
}

/** `6L` is the last Friday of a month, `6#3` the third one. */
function isDayOfWeek(field: string, date: Date): boolean {
  const weekday = date.getUTCDay() + 1;
  const inAWeek = new Date(date.getTime() + 7 * 24 * 3_600_000);
  return parts(field).some((part) => {
    const [name = "", which] = part.split("#");
    if (which !== undefined)
      return number(name) === weekday && Math.ceil(date.getUTCDate() / 7) === Number(which);
    if (/^.+L$/.test(part)) {
      return number(part.slice(0, -1)) === weekday && inAWeek.getUTCMonth() !== date.getUTCMonth();
    }
    return isIn(part, weekday, 1, 7);
  });
}

/** Whether a field is, or has, the value: `*`, `?`, `5`, `MON`, `1-5`, `0/15`. */
function isIn(field: string, value: number, low: number, high: number): boolean {
  return parts(field).some((part) => {
    const [range = "", step] = part.split("/");
    const [from = "", to] = range.split("-");
    const isAny = from === "*" || from === "?";
    const first = isAny ? low : number(from);
    const last = to !== undefined ? number(to) : isAny || step !== undefined ? high : first;
    return value >= first && value <= last && (value - first) % Number(step ?? 1) === 0;
  });
}

function parts(field: string): string[] {
  return field.split(",");
}

const days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

function number(text: string): number {
  const named = [days, months].map((list) => list.indexOf(text.toUpperCase())).find((at) => at >= 0);
  return named === undefined ? Number(text) : named + 1;
}
