import { type DrillCase, type DrilledMachine, drilledMachine } from "../../../cli/drill/cases";
import type { RedrivenResult } from "../../../cli/drill/redrives";
import { redrivenCase, redriveProblems } from "../../../cli/drill/redrives";
import type { DrillResult } from "../../../cli/drill/run";
import { type WayResult, wayCases, wayProblems } from "../../../cli/drill/ways-on";
import type { StateMachineDefinition } from "../../../workflow/asl/states";

const call = (action: string) =>
  ({ Type: "Task", Resource: `arn:aws:states:::sagemaker:${action}`, Arguments: {} }) as const;
const definition: StateMachineDefinition = {
  Comment: "",
  QueryLanguage: "JSONata",
  TimeoutSeconds: 60,
  StartAt: "DataPreprocessing",
  States: {
    DataPreprocessing: { ...call("createProcessingJob.sync"), Next: "ModelTraining" },
    ModelTraining: { ...call("createTrainingJob.sync"), Next: "RegisterModel" },
    RegisterModel: { ...call("createModelPackage"), End: true },
  },
};
const machine = drilledMachine({ name: "m", definition } as unknown as DrilledMachine);
const scenario = { name: "as usual", answers: {}, end: "success" } as const;
const one: DrillCase = { id: "c", machine, scenario, answers: {}, input: {}, end: "success" };

const visit = (state: string, ...errors: string[]) => ({ state, calls: 1, errors });
const uncaught = "States.DataLimitExceeded";
const code = "s3://b/code/executions/run-1/code.tar.gz";
const train = (name: string, Code = code) => ({
  state: "ModelTraining",
  parameters: JSON.stringify({ TrainingJobName: name, Code }),
});
const undisturbed: DrillResult = {
  case: one,
  status: "SUCCEEDED",
  output: '{"a":1}',
  visits: [visit("DataPreprocessing"), visit("ModelTraining"), visit("RegisterModel")],
};
const failed = {
  visits: [visit("DataPreprocessing"), visit("ModelTraining", uncaught)],
  calls: [train("m-train-0a1b2c3d-1-0")],
};
const redriven = {
  visits: [visit("ModelTraining"), visit("RegisterModel")],
  calls: [train("m-train-9f8e7d6c-1-0")],
};

function result(changes: Partial<RedrivenResult>): RedrivenResult {
  const { attempts = [failed, redriven] } = changes;
  return {
    ...undisturbed,
    case: redrivenCase(undisturbed, ["ModelTraining"]),
    redriveCount: 1,
    attempts,
    visits: attempts.flatMap(({ visits }) => visits),
    ...changes,
  };
}

describe("a redrive", () => {
  it("is right if it enters the failed state and those after it, with a new job", () => {
    expect(redriveProblems(result({}), undisturbed)).toEqual([]);
  });

  it.each<[string, Partial<RedrivenResult>, string]>([
    ["does not succeed", { status: "FAILED", error: "Other" }, "must end in success, ended in Other"],
    ["is not made", { attempts: [failed], redriveCount: 0 }, "must be redriven 1 times, got 0"],
    [
      "begins again",
      { attempts: [failed, { ...redriven, visits: undisturbed.visits }] },
      "the redrive after ModelTraining failed must enter it, entered DataPreprocessing",
    ],
    [
      "enters a state again",
      { attempts: [failed, { ...redriven, visits: [...redriven.visits, visit("ModelTraining")] }] },
      "number 4 must be none, got ModelTraining",
    ],
    [
      "uses a job's name again",
      { attempts: [failed, { ...redriven, calls: failed.calls }] },
      "names of jobs must be new",
    ],
    [
      "runs other code",
      {
        attempts: [
          failed,
          { ...redriven, calls: [train("m-train-9f8e7d6c-1-0", code.replace("run-1", "run-2"))] },
        ],
      },
      "the code must be that of the start",
    ],
    [
      "has other variables",
      { attempts: [failed, { ...redriven, calls: [train("m-train-9f8e7d6c-1-0", "other")] }] },
      "ModelTraining must be called as before",
    ],
    ["has another report", { output: '{"a":2}' }, "output must be as usual"],
  ])("is wrong if it %s", (_, changes, problem) => {
    expect(redriveProblems(result(changes), undisturbed).join()).toContain(problem);
  });
});

describe("the way on after a named failure", () => {
  const fault = {
    class: "script",
    error: "States.TaskFailed",
    cause: "exit code 1",
    expect: "costly",
    source: "s",
  } as const;
  const faultCase = (changes: object = {}): DrillCase => ({
    ...one,
    end: "TrainingJobFailed",
    injection: { state: "ModelTraining", fault: { ...fault, ...changes }, once: false },
  });
  const [wayCase] = wayCases([faultCase()], [one]);
  const wayResult: WayResult = {
    case: wayCase as WayResult["case"],
    failed: { error: "TrainingJobFailed", cause: "c" },
    refusal: "... npm run execute -- local --from ModelTraining --of failed-c",
    redriven: { error: "TrainingJobFailed", cause: "c", redriveCount: 1 },
    redrivenStates: ["TrainingJobFailed"],
    after: { ...undisturbed, visits: [visit("ModelTraining"), visit("RegisterModel")] },
  };

  it("is drilled once for each task, with an error that lasts", () => {
    const cases = [faultCase({ expect: "passing" }), faultCase(), faultCase()];
    expect(wayCases(cases, [one]).map(({ injection }) => injection.fault.expect)).toEqual(["costly"]);
  });

  it("is right if the command names it and it succeeds", () => {
    expect(wayProblems(wayResult)).toEqual([]);
  });

  it.each<[string, Partial<WayResult>, string]>([
    ["names none", { refusal: "" }, "--redrive must refuse"],
    [
      "names another stage",
      { refusal: wayResult.refusal.replace("ModelTraining", "ModelEvaluation") },
      "--redrive must refuse",
    ],
    [
      "would redrive more",
      { redrivenStates: ["ModelTraining"] },
      "a redrive must enter TrainingJobFailed only",
    ],
    ["fails again", { after: { ...undisturbed, status: "FAILED", error: "E" } }, "ended in E"],
    ["runs a job again", { after: undisturbed }, "DataPreprocessing must not run again"],
  ])("is wrong if it %s", (_, changes, problem) => {
    expect(wayProblems({ ...wayResult, ...changes }).join()).toContain(problem);
  });

  it("must have been decided", () => {
    const renamed = { ...wayResult.case, injection: { ...wayResult.case.injection, state: "New" } };
    expect(wayProblems({ ...wayResult, case: renamed }).join()).toContain("New has no way on");
  });
});
