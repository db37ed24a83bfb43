import type { TaskState } from "../../workflow/asl/states";
import { workflowDefinition } from "../../workflow/definition";
import {
  failedJobKind,
  jobEventsRule,
  jobKinds,
  jobLogGroup,
  jobLogPrefix,
  jobNameKeys,
  jobResource,
} from "../../workflow/job-kinds";
import { tuning, workflow } from "../fixtures";
import { context, evaluate } from "./evaluate";

const { States } = workflowDefinition(
  workflow({ comparison: { folder: "python/scripts", entryPoint: "comparison.py" }, tuning }),
).definition;

describe.each(["prep", "train", "tune", "compare"] as const)("a job of the kind %s", (kind) => {
  const { api, step } = jobKinds[kind];
  const task = States[step.state] as TaskState;

  it("is made by its state, under a name of its kind", async () => {
    expect(task.Resource).toBe(`arn:aws:states:::sagemaker:create${api}Job.sync`);
    const name = task.Arguments[`${api}JobName`] as string;
    expect(await evaluate(name, { context: context() }, { attempt: 1 })).toMatch(
      new RegExp(kind === "tune" ? /^housing-dev-tune-[0-9a-f]{15}$/ : `^housing-dev-${kind}-run-1-`),
    );
  });

  it("fails by a name of its own", () => {
    expect(States[step.failure]).toMatchObject({ Type: "Fail", Error: step.failure });
    expect(failedJobKind(step.failure)).toBe(kind);
  });
});

it("no other failure is a job's", () => {
  expect(failedJobKind("DeploymentFailed")).toBeUndefined();
});

it("logs and names are where SageMaker has them", () => {
  expect(jobLogGroup("compare")).toBe("/aws/sagemaker/ProcessingJobs");
  expect(jobNameKeys).toEqual([
    "ProcessingJobName",
    "TrainingJobName",
    "HyperParameterTuningJobName",
    "TransformJobName",
  ]);
  expect(jobLogGroup("tune")).toBe("/aws/sagemaker/TrainingJobs");
  expect([jobLogPrefix("train", "job"), jobLogPrefix("tune", "job")]).toEqual(["job/", "job-"]);
  expect(jobResource("tune", "*")).toBe("hyper-parameter-tuning-job/*");
  expect(jobEventsRule("tune")).toBe("StepFunctionsGetEventsForSageMakerTuningJobsRule");
});
