import type { Aws } from "../../../cli/account/clients";
import type { StateVisit } from "../../../cli/execution/history";
import { LiveProgress, waits } from "../../../cli/execution/live-progress";
import { releaseDefinition, workflowDefinition } from "../../../workflow/definition";
import { tuning, workflow } from "../../fixtures";

const startedAt = new Date(1_700_000_000_000);
const later = (seconds: number) => new Date(startedAt.getTime() + seconds * 1000);
const visit = (name: string, more: Partial<StateVisit> = {}): StateVisit => ({
  ...{ name, type: "Task", visit: 1, attempts: 1, startedAt },
  ...more,
});

/** A log whose events come in parts, one for each reading. */
function logs(...parts: string[][]): Aws {
  let read = 0;
  const send = async (command: { input: { nextToken?: string } }) => {
    if (command.constructor.name === "DescribeLogStreamsCommand") {
      return { logStreams: [{ logStreamName: "job/1" }] };
    }
    if (command.input.nextToken === `t${read}`) read += 1;
    return { events: (parts[read] ?? []).map((message) => ({ message })), nextForwardToken: `t${read}` };
  };
  return { logs: () => ({ send }) } as unknown as Aws;
}

it("is nothing before the first state", async () => {
  expect(await new LiveProgress(logs()).line()).toBeUndefined();
});

it("is the state and its time; of a repeated state, how often", async () => {
  const progress = new LiveProgress(logs());
  progress.watch(visit("KeepModel"));
  expect(await progress.line(later(3))).toBe("KeepModel, 3 s");
  progress.watch(visit("ReadFile", { visit: 17 }));
  expect(await progress.line(later(34))).toBe("ReadFile, time 17, 34 s");
});

it("is what is waited for, from the first look on, and the state after it again", async () => {
  const progress = new LiveProgress(logs());
  progress.watch(visit("WaitForEndpoint", { type: "Wait" }));
  progress.watch(visit("CheckEndpoint", { startedAt: later(30) }));
  progress.watch(visit("EndpointInService", { type: "Choice", startedAt: later(31) }));
  progress.watch(visit("WaitForEndpoint", { type: "Wait", visit: 2, startedAt: later(32) }));
  expect(await progress.line(later(40))).toBe("waiting until the endpoint is in service, 40 s");
  progress.watch(visit("SmokeTest", { startedAt: later(41) }));
  expect(await progress.line(later(43))).toBe("SmokeTest, 2 s");
});

it("is what a job waits for, with the reason of its last failure", async () => {
  const progress = new LiveProgress(logs());
  const waitsFor = "ModelTraining waits for capacity, up to 2 h in all: CapacityError: none";
  progress.watch(visit("ModelTraining", { job: "train-1", endedAt: later(2), error: "States.TaskFailed" }));
  progress.watch(visit("TrainingAttemptFailed", { type: "Choice", endedAt: later(2), waitsFor }));
  progress.watch(visit("WaitForTrainingCapacity", { type: "Wait", startedAt: later(2) }));
  expect(await progress.line(later(62))).toBe(`${waitsFor}, 60 s`);
  progress.watch(visit("ModelTraining", { visit: 2, job: "train-2", startedAt: later(70) }));
  expect(await progress.line(later(71))).toBe("train-2, time 2, 1 s");
});

it("knows what each waiting state waits for", () => {
  const comparison = { folder: "python/scripts", entryPoint: "comparison.py" };
  for (const { definition } of [
    workflowDefinition(workflow({ comparison })),
    workflowDefinition(workflow({ tuning })),
    releaseDefinition(workflow()),
  ]) {
    const waiting = Object.entries(definition.States).filter(([, { Type }]) => Type === "Wait");
    expect(waiting.length).toBeGreaterThan(2);
    for (const [name] of waiting) expect([name, waits[name]]).toEqual([name, expect.any(String)]);
  }
});

it("is a job with the last line of its log, until it ends", async () => {
  const progress = new LiveProgress(logs(["reading", "epoch 1", " "]));
  progress.watch(visit("ModelTraining", { job: "train-1" }));
  expect(await progress.line(later(5))).toBe("train-1, 5 s │ epoch 1");
  expect(await progress.line(later(6))).toBe("train-1, 6 s │ epoch 1");
  progress.watch(visit("ModelTraining", { job: "train-1", endedAt: later(7) }));
  expect(await progress.line(later(9))).toBe("train-1, 7 s");
  progress.watch(visit("DataPreprocessing", { job: "prep-2" }));
  expect(await progress.line(later(9))).toBe("prep-2, 9 s");
});

it("is a tuning job with how far it is", async () => {
  const described = [
    {},
    {
      HyperParameterTuningJobConfig: { ResourceLimits: { MaxNumberOfTrainingJobs: 20 } },
      TrainingJobStatusCounters: { Completed: 6, InProgress: 2, Stopped: 1, NonRetryableError: 1 },
      BestTrainingJob: {
        FinalHyperParameterTuningJobObjectiveMetric: { MetricName: "r2", Value: 0.81234567 },
      },
    },
  ];
  const aws = { sagemaker: () => ({ send: async () => described.shift() }) } as unknown as Aws;
  const progress = new LiveProgress(aws);
  progress.watch(visit("ModelTuning", { job: "tune-1" }));
  expect(await progress.line(later(1))).toBe("tune-1, 1 s │ 0 training jobs ended, 0 run");
  expect(await progress.line(later(9))).toBe(
    "tune-1, 9 s │ 8 of 20 training jobs ended, 2 run, 1 failed, best r2 0.8123",
  );
});

it("goes on without the log if that cannot be read", async () => {
  const denied = { logs: () => ({ send: () => Promise.reject(new Error("denied")) }) } as unknown as Aws;
  const progress = new LiveProgress(denied);
  progress.watch(visit("ModelTraining", { job: "train-1" }));
  expect(await progress.line(later(5))).toBe("train-1, 5 s");
});
