import { sameWindow, type WindowOptions, windowInput } from "../../../cli/monitoring/window";
import { monitorInputStep } from "../../../workflow/steps/monitor-input";
import { monitorSettingsOf, workflow } from "../../fixtures";
import { context, evaluate } from "../../workflow/evaluate";

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

it.each([
  {},
  { WindowEnd: "2026-01-01T12:30:00Z" },
  { WindowStart: "2026-01-01T12:30:00Z" },
  { WindowStart: "2026-01-01T00:00:00Z", WindowEnd: "2026-01-01T12:30:00.5Z" },
])("the same window as that of the state machine, for the input %j", async (input) => {
  const props = { windowInHours: 7, delayInMinutes: 40 };
  const watched = workflow({ endpoint: { capture: { percentage: 100 } } });
  const { states } = monitorInputStep(watched, { ...monitorSettingsOf(watched), ...props }, "Next");
  const choice = states.CheckMonitorInput as unknown as {
    Choices: { Assign: Record<"windowStart" | "windowEnd", string> }[];
  };
  const assigned = choice.Choices[0]?.Assign;
  const given = { context: context({ Input: input }) };
  const at = async (name: "windowStart" | "windowEnd") =>
    new Date((await evaluate(assigned?.[name] ?? "", given)) as number).toISOString();
  expect(sameWindow(input, new Date(given.context.Execution.StartTime), props)).toBe(
    `--since ${await at("windowStart")} --until ${await at("windowEnd")}`,
  );
});
