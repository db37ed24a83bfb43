import { timesPerMonth } from "../../../cli/costs/schedules";

const days = 365 / 12;

it.each([
  ["rate(1 hour)", 730],
  ["rate(15 minutes)", 2920],
  ["rate(1 day)", days],
  ["rate(7 days)", days / 7],
  ["cron(0 * * * ? *)", 730],
  ["cron(0/15 8-17 ? * MON-FRI *)", (4 * 10 * 5 * days) / 7],
  ["cron(0 3 ? * MON *)", days / 7],
  ["cron(30 6,18 * * ? *)", 2 * days],
  ["cron(0 3 1,15 * ? *)", (2 * days) / 31],
  ["cron(0 3 L * ? *)", 1],
  ["cron(0 3 ? * 6#3 *)", 1],
  ["cron(0 3 L JAN,JUL ? *)", 2 / 12],
])("knows how often %s fires in a month", (expression, times) => {
  expect(timesPerMonth(expression)).toBeCloseTo(times, 6);
});

it.each(["at(2026-11-01T00:00:00)", "cron(0 3 *)", "cron(x * * * ? *)", "rate(1 week)"])(
  "knows nothing of %s",
  (expression) => {
    expect(timesPerMonth(expression)).toBeUndefined();
  },
);
