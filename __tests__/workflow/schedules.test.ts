import { firing } from "../../workflow/schedules";

const day = 24 * 60;
/** Of two years, 2026 and 2027. */
const perMonth = (times: number) => times / 24;

it.each([
  ["rate(1 hour)", 730, 60],
  ["rate(15 minutes)", 2920, 15],
  ["rate(7 days)", 365 / 12 / 7, 7 * day],
  ["cron(0 * * * ? *)", 730, 60],
  // 522 weekdays; from Friday evening to Monday morning.
  ["cron(0/15 8-17 ? * MON-FRI *)", perMonth(4 * 10 * 522), 2 * day + 14 * 60 + 15],
  ["cron(0 3 ? * MON *)", perMonth(104), 7 * day],
  ["cron(30 6,18 * * ? *)", perMonth(2 * 730), 12 * 60],
  ["cron(0 3 1,15 * ? *)", perMonth(48), 17 * day],
  ["cron(0 3 L * ? *)", 1, 31 * day],
  ["cron(0 3 ? * 6#3 *)", 1, 35 * day],
  ["cron(0 3 ? * FRIL *)", 1, 35 * day],
  ["cron(0 3 1W JAN,JUL ? *)", perMonth(4), 184 * day],
])("knows how often %s fires, and its longest gap", (expression, timesPerMonth, longestGapInMinutes) => {
  const found = firing(expression);
  expect(found?.timesPerMonth).toBeCloseTo(timesPerMonth, 6);
  expect(found?.longestGapInMinutes).toBe(longestGapInMinutes);
});

it.each(["at(2026-11-01T00:00:00)", "cron(0 3 *)", "cron(x * * * ? *)", "rate(1 week)", "rate(0 days)"])(
  "knows nothing of %s",
  (expression) => {
    expect(firing(expression)).toBeUndefined();
  },
);
