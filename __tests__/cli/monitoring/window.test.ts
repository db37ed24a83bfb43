import { type WindowOptions, windowInput } from "../../../cli/monitoring/window";

const now = new Date("2026-01-31T12:00:00Z");

it.each<[WindowOptions, object]>([
  [{}, {}],
  [{ hours: 1.5 }, { WindowStart: "2026-01-31T10:30:00.000Z", WindowEnd: "2026-01-31T12:00:00.000Z" }],
  [{ since: "2026-01-31" }, { WindowStart: "2026-01-31T00:00:00.000Z" }],
  [
    { since: "2026-01-30T12:00Z", until: "2026-01-30T15:00+02:00" },
    { WindowStart: "2026-01-30T12:00:00.000Z", WindowEnd: "2026-01-30T13:00:00.000Z" },
  ],
])("%j is the input %j", (options, input) => {
  expect(windowInput(options, now)).toEqual(input);
});

it.each<[WindowOptions, string]>([
  [{ since: "yesterday" }, "--since must be a time with its zone, such as 2026-01-31T12:00Z"],
  [{ until: "2026-01-31T12:00" }, "--until must be a time with its zone"],
  [{ hours: 1, since: "2026-01-31" }, "--hours is a window that ends now"],
])("%j is refused", (options, message) => {
  expect(() => windowInput(options, now)).toThrow(message);
});
