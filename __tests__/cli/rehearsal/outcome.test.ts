import { counted, faults, type Outcome, outcomesText } from "../../../cli/rehearsal/outcome";
import { errorOf, rowsOf } from "../../../cli/rehearsal/traffic";

const good: Outcome = {
  model: "is good",
  expected: "promoted",
  ended: "promoted",
  seconds: 46,
  alarmPeriods: 7.7,
  requests: 2300,
  failed: 0,
  p99Milliseconds: 32,
};
const bad: Outcome = { ...good, model: "fails", expected: "rolled back", ended: "rolled back", failed: 40 };

describe("a rehearsal", () => {
  it("succeeds if good models are promoted, bad ones rolled back, and no other request fails", () => {
    expect(faults([good, bad], 0)).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, string]>([
    [
      "a bad model that is promoted",
      { ...bad, ended: "promoted" },
      "the model that fails must be rolled back, got promoted",
    ],
    [
      "a release that fails",
      { ...bad, ended: "failed", reason: "DeploymentFailed: no" },
      "the model that fails must be rolled back, got failed: DeploymentFailed: no",
    ],
    [
      "a good model whose release fails requests",
      { ...good, failed: 1 },
      "1 of 2300 requests failed during the release of a good model",
    ],
    ["more failures than the canary has requests", { ...bad, failed: 1300 }, "more than the canary's half"],
  ])("fails with %s", (_, outcome, message) => {
    expect(faults([outcome as Outcome], 0)).toEqual([expect.stringContaining(message)]);
  });

  it("fails if requests fail while no release is running", () => {
    expect(faults([good], 2)).toEqual(["2 requests failed while no release was running"]);
  });

  it("counts requests, failures and the slowest hundredth", () => {
    const answers = Array.from({ length: 200 }, (_, index) => ({
      sentAt: 0,
      milliseconds: index,
      ...(index < 3 ? { failure: "no" } : { error: 0.1 }),
    }));
    expect(counted(answers)).toEqual({ requests: 200, failed: 3, p99Milliseconds: 198 });
    expect(counted([])).toEqual({ requests: 0, failed: 0, p99Milliseconds: 0 });
  });

  it("is told as a table", () => {
    expect(outcomesText([bad])).toMatch(
      /a model that fails +rolled back +46 s +7\.7 +2300 +40 \(1\.7 %\) +32 ms/,
    );
  });
});

it("reads rows of numbers and texts, the label last, without rows that lack a value", () => {
  expect(rowsOf("a,b,target\n1,2,3\n4,,5\n6,clay,Barolo\n")).toEqual([
    { features: [1, 2], label: 3 },
    { features: [6, "clay"], label: "Barolo" },
  ]);
});

it("reads quoted cells of the held-out rows", () => {
  expect(rowsOf('a,b,target\n"1,5",2,"of ""sort"" A, B"\n')).toEqual([
    { features: ["1,5", 2], label: 'of "sort" A, B' },
  ]);
});

it.each([
  [1.5, 2, 0.5],
  ["Barolo", "Barolo", 0],
  ["Barolo", "Lugana", 1],
  ["1", 1, 0],
])("the prediction %j of %j is off by %d", (prediction, label, error) => {
  expect(errorOf(prediction, label)).toBe(error);
});
