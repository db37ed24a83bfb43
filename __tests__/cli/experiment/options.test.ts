import { type ExperimentOptions, experimentNumbers, range, share } from "../../../cli/experiment/options";

const options: ExperimentOptions = {
  rewardRange: [0, 1],
  effect: 0.05,
  maxErrorRate: 0.02,
  maxLatency: 200,
  yes: true,
  timeout: 60,
};

it.each([
  ["10%", 0.1],
  ["2.5%", 0.025],
  ["0.1", 0.1],
])("share reads %s", (text, value) => expect(share(text)).toBeCloseTo(value, 12));

it.each(["10", "0", "0%", "100%", "-1%", "ten", "", "1.2.3"])("share fails for %p", (text) => {
  expect(() => share(text)).toThrow("such as 10% or 0.1");
});

it.each([
  ["0,1", [0, 1]],
  ["-1, 1", [-1, 1]],
])("range reads %s", (text, value) => expect(range(text)).toEqual(value));

it.each(["1,0", "1,1", "0", "0,1,2", "a,b", "0,", ",1", "0,Infinity"])("range fails for %p", (text) => {
  expect(() => range(text)).toThrow("such as 0,1");
});

it("has a tenth of the traffic and 5 % of false alarms, unless told otherwise", () => {
  expect(experimentNumbers(options)).toMatchObject({ weight: 0.1, alpha: 0.05, effect: 0.05 });
  expect(experimentNumbers({ ...options, weight: 0.5, alpha: 0.01 })).toMatchObject({
    weight: 0.5,
    alpha: 0.01,
  });
});

it.each([
  [{ effect: undefined, maxLatency: undefined }, "start needs --effect, --max-latency"],
  [{ effect: 1 }, "--effect must be below 1, the width of --reward-range, got 1"],
  [{ name: "with spaces" }, "--name must be up to 63 letters, digits and hyphens"],
  [{ name: "a".repeat(64) }, "up to 63"],
  [{ winner: "champion" as const }, "start does not take --winner"],
])("fails for %j", (change, message) => {
  expect(() => experimentNumbers({ ...options, ...change })).toThrow(message);
});
