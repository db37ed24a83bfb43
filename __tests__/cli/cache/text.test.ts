import { cacheText, explanationText } from "../../../cli/cache/text";
import { reportText } from "../../../cli/execution/report";

const hit = {
  Hit: true,
  Reason: "nothing has changed",
  JobName: "housing-dev-prep-1",
  Execution: "run-1",
  RecordedAt: "2026-03-01T12:00:00+00:00",
};
const miss = {
  ...hit,
  Hit: false,
  Reason: "changed: HyperParameters.max-depth, Metrics",
  JobName: "housing-dev-train-1",
  Changes: [
    { Field: "HyperParameters.max-depth", Old: "10", New: "12" },
    { Field: "Metrics", Old: null, New: '["r2"]' },
  ],
  Recorded: true,
};

it("explains each step of an execution, with old and new values", () => {
  expect(explanationText({ DataPreprocessing: hit, ModelTraining: miss })).toBe(
    [
      "hit   DataPreprocessing taken from housing-dev-prep-1, nothing has changed",
      "        of execution run-1, recorded 2026-03-01T12:00:00+00:00",
      "miss  ModelTraining ran: changed: HyperParameters.max-depth, Metrics",
      "        the nearest earlier result is that of housing-dev-train-1, of execution run-1, recorded 2026-03-01T12:00:00+00:00",
      "        HyperParameters.max-depth: 10 → 12",
      '        Metrics: none → ["r2"]',
    ].join("\n"),
  );
});

it("says why a result was not recorded", () => {
  const found = { Hit: false, Reason: "there is no earlier result", Recorded: false, NotRecorded: "denied" };
  expect(cacheText("ModelTraining", found)).toBe(
    "ModelTraining ran: there is no earlier result; not recorded: denied",
  );
  expect(explanationText({ ModelTraining: found }).split("\n")).toHaveLength(1);
});

it("is part of the report of an execution", () => {
  const execution = { name: "run-2", arn: "arn" };
  const report = { status: "SUCCEEDED", execution, seconds: 1, states: [], cache: { ModelTraining: hit } };
  expect(reportText(report)).toContain(
    "cache      ModelTraining taken from housing-dev-prep-1, nothing has changed",
  );
});
