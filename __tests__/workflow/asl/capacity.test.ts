import { capacityWaits, durationText, longestCapacitySeconds } from "../../../workflow/asl/capacity";
import type { State, TaskState, WaitState } from "../../../workflow/asl/states";
import { workflowDefinition } from "../../../workflow/definition";
import { workflow } from "../../fixtures";
import { evaluate } from "../evaluate";

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
type Choice = Extract<State, { Type: "Choice" }>;

const refused = "SageMaker.ResourceLimitExceededException";
const quota = (limit: number, used: number, requested: number) =>
  `The account-level service limit 'ml.m5.large for training job usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of ${requested} Instances. Please use AWS Service Quotas to request an increase for this quota.`;
const noInstance =
  "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.";

function trainingStates(waitForCapacityInSeconds?: number) {
  const { training } = workflow().settings;
  const props = { folder: "python/scripts", entryPoint: training.entryPoint, waitForCapacityInSeconds };
  return workflowDefinition(workflow({ training: props })).definition.States;
}

describe("the waits for capacity", () => {
  it.each([1, 59, 60, 61, 600, 7200, 86_400, 604_800])("of %i s are these seconds together", (stated) => {
    const waits = capacityWaits(stated);
    expect(sum(waits)).toBe(stated);
    expect(waits.every((one) => Number.isInteger(one) && one > 0)).toBe(true);
    // The numbers of the attempts must fit into the names of the jobs.
    expect(waits.length).toBeLessThanOrEqual(90);
  });

  it("grow to ten minutes, and to more in longer times", () => {
    expect(capacityWaits(2000)).toEqual([60, 120, 240, 480, 600, 500]);
    expect(Math.max(...capacityWaits(604_800))).toBe(10_080);
  });

  it("last half to one and a half of their time, and as many seconds as stated on average", async () => {
    const waits = capacityWaits(3600);
    const { Seconds, Assign } = trainingStates(3600).WaitForTrainingCapacity as WaitState;
    const variables = (capacityWaits: number) => ({ capacityWaits, attempt: 3 });
    for (const [index, wait] of waits.entries()) {
      const seconds = (await evaluate(Seconds as string, {}, variables(index))) as number;
      expect(Number.isInteger(seconds)).toBe(true);
      expect(seconds).toBeGreaterThanOrEqual(wait * 0.5);
      expect(seconds).toBeLessThanOrEqual(wait * 1.5);
    }
    const once = async () => sum(await Promise.all(waits.map((_, index) => seconds(index))));
    const seconds = async (index: number) =>
      (await evaluate(Seconds as string, {}, variables(index))) as number;
    const totals = await Promise.all(Array.from({ length: 60 }, once));
    expect(sum(totals) / totals.length / 3600).toBeCloseTo(1, 0.9);
    const set = Object.entries(Assign ?? {}).map(async ([name, value]) => [
      name,
      await evaluate(value as string, {}, variables(2)),
    ]);
    expect(Object.fromEntries(await Promise.all(set))).toEqual({ attempt: 4, capacityWaits: 3 });
  });

  it("leave room in the time limit of the execution, with the attempts between them", () => {
    const limit = (seconds?: number) => {
      const { training } = workflow().settings;
      const props = { folder: "f", entryPoint: training.entryPoint, waitForCapacityInSeconds: seconds };
      return workflow({ training: props }).settings.timeoutSeconds;
    };
    expect(limit(600) - limit(0)).toBe(longestCapacitySeconds(600, 1800));
    expect(longestCapacitySeconds(600, 1800)).toBe(900 + 4 * 1800);
    expect(limit() - limit(7200)).toBe(0);
  });

  it("do not exist where a job shall not wait", () => {
    const states = trainingStates(0);
    expect(Object.keys(states)).not.toContain("WaitForTrainingCapacity");
    expect(Object.keys(states)).toContain("WaitForProcessingCapacity");
    expect((states.TrainingAttemptFailed as Choice).Choices).toHaveLength(1);
  });

  it.each([-1, 0.5, 604_801])("fail with %s", (waitForCapacityInSeconds) => {
    expect(() => trainingStates(waitForCapacityInSeconds)).toThrow(
      `training.waitForCapacityInSeconds must be a whole number from 0, which is not to wait, to 604800, a week, got ${waitForCapacityInSeconds}`,
    );
  });
});

describe("a job waits", () => {
  const { Choices } = trainingStates().TrainingAttemptFailed as Choice;
  const [waiting, again] = Choices;
  const decide = async (failure: { error: string; reason: string }, capacityWaits = 0, attempt = 1) =>
    await Promise.all(
      [waiting, again].map((rule) =>
        evaluate(rule?.Condition as string, {}, { failure, capacityWaits, attempt }),
      ),
    );

  it.each([
    ["a quota that is used up", refused, quota(2, 2, 1)],
    ["a quota whose text is another", refused, "You have reached the limit of training jobs"],
    ["no instances", "States.TaskFailed", noInstance],
    ["no instances, in other words", "States.TaskFailed", "Unable to provision the requested instances"],
    ["throttling", "SageMaker.AmazonSageMakerException", "Rate exceeded (Error Code: ThrottlingException)"],
  ])("for %s", async (_, error, reason) => {
    expect(await decide({ error, reason })).toEqual([true, false]);
  });

  it.each([
    ["a quota of no instance", refused, quota(0, 0, 1)],
    ["a quota that is too small for the job", refused, quota(2, 0, 4)],
    ["a bad request", "SageMaker.AmazonSageMakerException", "1 validation error detected"],
    ["a script that was throttled itself", "States.TaskFailed", "AlgorithmError: Rate exceeded"],
    ["a script that names it", "States.TaskFailed", `AlgorithmError: ${noInstance}`],
    ["a timeout", "States.Timeout", "States.Timeout"],
  ])("not for %s", async (_, error, reason) => {
    expect((await decide({ error, reason }))[0]).toBe(false);
  });

  it("until the stated time is over", async () => {
    const failure = { error: "States.TaskFailed", reason: noInstance };
    const last = capacityWaits(7200).length;
    expect(await decide(failure, last - 1, last)).toEqual([true, false]);
    expect(await decide(failure, last, last + 1)).toEqual([false, false]);
  });

  it("and has its three attempts after internal errors all the same", async () => {
    const failure = { error: "States.TaskFailed", reason: "InternalServerError: try again" };
    expect(await decide(failure, 9, 11)).toEqual([false, true]);
    expect(await decide(failure, 9, 12)).toEqual([false, false]);
  });

  it("and says what for, and how long", async () => {
    const text = waiting?.Assign?.waitsFor as string;
    const failure = { state: "ModelTraining", error: refused, reason: quota(2, 2, 1) };
    expect(await evaluate(text, {}, { failure })).toMatch(
      /^ModelTraining waits for capacity, up to 2 h in all: ResourceLimitExceededException: The account-level service limit/,
    );
    const failed = { state: "ModelTraining", error: "States.TaskFailed", reason: noInstance };
    expect(await evaluate(text, {}, { failure: failed })).toBe(
      `ModelTraining waits for capacity, up to 2 h in all: ${noInstance}`,
    );
  });

  it("without retriers, which could not tell a quota that is too small", () => {
    const { Retry = [] } = trainingStates().ModelTraining as TaskState;
    expect(Retry.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain(refused);
  });
});

it.each([
  [7200, "2 h"],
  [5400, "90 min"],
  [45, "45 s"],
])("%i s are %s", (seconds, text) => expect(durationText(seconds)).toBe(text));
