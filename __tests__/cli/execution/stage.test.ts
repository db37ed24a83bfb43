import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { earlierJobsIn, fromOf, stageNamed, stageWith } from "../../../cli/execution/stage";
import { workflowDefinition } from "../../../workflow/definition";
import { stageNames } from "../../../workflow/stages";
import { tuning, workflow } from "../../fixtures";

const exited = (assigned: Record<string, unknown>): HistoryEvent =>
  ({
    type: "TaskStateExited",
    stateExitedEventDetails: {
      assignedVariables: Object.fromEntries(
        Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]),
      ),
    },
  }) as HistoryEvent;

describe("stageWith", () => {
  it("knows where to start again after each state of the workflow that can fail", () => {
    const { States } = workflowDefinition(workflow({ tuning, cache: {} })).definition;
    const calls = Object.entries(States).filter(([, { Type }]) => Type === "Task" || Type === "Map");
    const names = (stage?: string) => calls.map(([name]) => name).filter((name) => stageWith(name) === stage);
    expect(names()).toEqual([
      ...["FindData", "FindExperiment", "PinCode"],
      ...["FindEarlierProcessing", "DataPreprocessing"],
    ]);
    expect(names("ModelTraining")).toEqual([
      "RecordProcessing",
      ...["FindEarlierTuning", "ModelTuning", "ReadBestTraining"],
      ...["FindEarlierTraining", "ModelTraining"],
    ]);
    expect(names("ModelEvaluation")).toEqual(
      expect.arrayContaining([
        "RecordTuning",
        "RecordTraining",
        "KeepModel",
        "ModelEvaluation",
        "RegisterModel",
        "SmokeTest",
      ]),
    );
  });

  it("knows none without a state", () => {
    expect(stageWith(undefined)).toBeUndefined();
  });
});

describe("stageNamed", () => {
  it.each(stageNames)("takes %s", (name) => {
    expect(stageNamed(name)).toBe(name);
  });

  it.each([
    ["modeltraining", "got modeltraining; did you mean ModelTraining?"],
    ["PinCode", "got PinCode: an execution without --from starts there"],
    ["Nowhere", "--from must be one of ModelTraining, ModelEvaluation, got Nowhere"],
  ])("refuses %s", (given, message) => {
    expect(() => stageNamed(given)).toThrow(message);
  });
});

describe("earlierJobsIn", () => {
  it("has the jobs that succeeded last, and those that the execution itself started with", () => {
    const events = [
      exited({ processingJobName: "prep-1", trainingJobName: "train-1" }),
      { type: "TaskStateEntered" } as HistoryEvent,
      exited({ trainingJobName: "train-2", attempt: 1 }),
    ];
    expect(earlierJobsIn(events)).toEqual({ ProcessingJobName: "prep-1", TrainingJobName: "train-2" });
  });
});

describe("fromOf", () => {
  it("names exactly the jobs that the stage needs", () => {
    const jobs = { ProcessingJobName: "prep-1", TrainingJobName: "train-1" };
    expect(fromOf("ModelTraining", "run-1", jobs)).toEqual({
      State: "ModelTraining",
      ProcessingJobName: "prep-1",
    });
    expect(fromOf("ModelEvaluation", "run-1", jobs)).toEqual({ State: "ModelEvaluation", ...jobs });
  });

  it("says which stage is possible instead", () => {
    expect(() => fromOf("ModelEvaluation", "run-1", { ProcessingJobName: "prep-1" })).toThrow(
      "run-1 has no TrainingJobName to start ModelEvaluation with: that job did not succeed; --from ModelTraining is possible",
    );
    expect(() => fromOf("ModelTraining", "run-1", {})).toThrow(/that job did not succeed$/);
  });
});
