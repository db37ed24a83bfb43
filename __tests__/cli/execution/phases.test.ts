import type { StateVisit } from "../../../cli/execution/history";
import { PhaseLines, phaseStarts } from "../../../cli/execution/phases";
import { releaseDefinition, workflowDefinition } from "../../../workflow/definition";
import { tuning, workflow } from "../../fixtures";

let second = 0;

/** A state as it is seen when it begins, and when it ends a second later. */
function visit(name: string, more: Partial<StateVisit> = {}): [StateVisit, StateVisit] {
  const startedAt = new Date(1_700_000_000_000 + second * 1000);
  second += 1;
  const endedAt = new Date(1_700_000_000_000 + second * 1000);
  const begun = { name, type: "Task", visit: 1, attempts: 1, startedAt };
  return [begun, { ...begun, endedAt, ...more }];
}

const run = [
  ...visit("CheckInput", { type: "Choice" }),
  ...visit("PinCode", { type: "Map" }),
  ...visit("DataPreprocessing", { job: "prep-1" }),
  ...visit("ModelTraining", { job: "train-1" }),
  ...visit("KeepModel"),
  ...visit("ModelEvaluation"),
  ...visit("RegisterModel"),
  ...visit("ReadPackage"),
  ...visit("FindEndpoint", { isAbsent: true }),
  ...visit("CheckEndpoint"),
  ...visit("WaitForEndpoint", { type: "Wait" }),
  ...visit("CheckEndpoint", { visit: 2 }),
  ...visit("FindEndpoints"),
];

it("shows one line for each part of an execution, and one for each job", () => {
  const phases = new PhaseLines();
  const lines = [...run.flatMap((seen) => phases.add(seen)), ...phases.finish(true)];
  expect(lines.map((line) => line.replace(/ +/g, " "))).toEqual([
    "Prepare 2.0 s",
    "DataPreprocessing 1.0 s prep-1",
    "ModelTraining 1.0 s train-1",
    "Evaluate 2.0 s",
    "Register 1.0 s",
    "Release 5.0 s",
    "Clean up 1.0 s",
  ]);
});

it("shows what a job waits for", () => {
  const phases = new PhaseLines();
  const waiting = visit("TrainingAttemptFailed", { type: "Choice", waitsFor: "waits for capacity" });
  expect(waiting.flatMap((seen) => phases.add(seen))).toEqual(["waits for capacity"]);
});

it("shows a result that was taken in the place of its job", () => {
  const phases = new PhaseLines();
  const taken = { state: "ModelTraining", job: "train-0" };
  const visits = [
    ...visit("FindEarlierProcessing"),
    ...visit("EarlierProcessingFound", { type: "Choice" }),
    ...visit("DataPreprocessing", { job: "prep-1" }),
    ...visit("RecordProcessing"),
    ...visit("FindEarlierTraining", { taken }),
    ...visit("EarlierTrainingFound", { type: "Choice" }),
    ...visit("KeepModel"),
  ];
  expect(visits.flatMap((seen) => phases.add(seen)).map((line) => line.replace(/ +/g, " "))).toEqual([
    "DataPreprocessing 1.0 s prep-1",
    "ModelTraining 1.0 s taken from train-0, nothing changed",
  ]);
});

it("shows the states of the part that fails one by one, with what was caught when it was", () => {
  const phases = new PhaseLines();
  const failing = [
    ...visit("KeepModel"),
    ...visit("ModelEvaluation", { error: "EvaluationError" }),
    ...visit("Decide", { type: "Choice" }),
  ];
  const during = failing.flatMap((seen) => phases.add(seen));
  expect(during.map((line) => line.replace(/ +/g, " "))).toEqual([
    "ModelEvaluation 1.0 s caught EvaluationError",
  ]);
  expect(phases.finish(false).map((line) => line.replace(/ +/g, " "))).toEqual(["KeepModel 1.0 s"]);
});

it("says which part runs", () => {
  const phases = new PhaseLines();
  expect(phases.current).toBe("Prepare");
  const [begun] = visit("ModelTraining");
  phases.add(begun);
  expect(phases.current).toBe("Train");
  for (const seen of [...visit("TrainOrTune"), ...visit("ModelTuning"), ...visit("ReadBestTraining")])
    phases.add(seen);
  expect(phases.current).toBe("Tune");
});

it("knows states that there are, in the order in which they come", () => {
  const all = Object.keys(workflowDefinition(workflow({ tuning, cache: {} })).definition.States);
  expect(all.filter((name) => phaseStarts.includes(name))).toEqual(phaseStarts);
  const ofReleases = Object.keys(releaseDefinition(workflow()).definition.States);
  expect(ofReleases.filter((name) => phaseStarts.includes(name))).toEqual(["ReadPackage", "FindEndpoints"]);
});
