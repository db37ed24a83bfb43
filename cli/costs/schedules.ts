/** How often a schedule of EventBridge Scheduler fires. */

import { hoursPerMonth } from "./endpoint-cost";

const daysPerMonth = hoursPerMonth / 24;
const daysPerWeek = 7;
const minutes = { minute: 1, hour: 60, day: 24 * 60 } as const;

/**
 * The number of times per month that a schedule fires, on average over a year.
 *
 * @returns undefined for an expression that is neither `rate(…)` nor `cron(…)` with six fields
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function timesPerMonth(expression: string): number | undefined {
  const [, value, unit] = /^rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)$/.exec(expression) ?? [];
  if (value !== undefined) {
    return (hoursPerMonth * 60) / (Number(value) * minutes[unit as keyof typeof minutes]);
  }
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  if (fields.length !== 6) return undefined;
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = fields;
  const days =
    dayOfWeek === "?" || dayOfWeek === "*"
      ? daysOf(dayOfMonth)
      : // `6L` is the last Friday of a month, `6#3` the third one.
        sum(dayOfWeek, (part) =>
          /[L#]/.test(part) ? 1 : (numbers(part, 1, daysPerWeek) * daysPerMonth) / daysPerWeek,
        );
  const months = sum(month, (part) => numbers(part, 1, 12));
  const times = sum(minute, (part) => numbers(part, 0, 59)) * sum(hour, (part) => numbers(part, 0, 23));
  const found = (times * days * months) / 12;
  return Number.isFinite(found) ? found : undefined;
}

function daysOf(dayOfMonth: string): number {
  if (dayOfMonth === "?" || dayOfMonth === "*") return daysPerMonth;
  // `L` is the last day of a month, `3W` the weekday that is next to the third.
  return sum(dayOfMonth, (part) => (/[LW]/.test(part) ? 1 : (numbers(part, 1, 31) * daysPerMonth) / 31));
}

function sum(field: string, count: (part: string) => number): number {
  return field.split(",").reduce((total, part) => total + count(part), 0);
}

const names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** How many numbers a part of a field stands for: `*`, `5`, `MON`, `1-5`, `0/15`. NaN if it is none of them. */
function numbers(part: string, low: number, high: number): number {
  const [range = "", step = "1"] = part.split("/");
  const [from = "", to] = range.split("-");
  const first = from === "*" ? low : numberOf(from);
  const last = to !== undefined ? numberOf(to) : from === "*" || part.includes("/") ? high : first;
  return Math.floor((last - first) / Number(step)) + 1;
}

function numberOf(text: string): number {
  const named = [names, monthNames].map((list) => list.indexOf(text.toUpperCase())).find((at) => at >= 0);
  return named === undefined ? Number(text) : named + 1;
}
