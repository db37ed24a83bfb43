import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { ExecutionHistory, summarize, visitLine } from "../../../cli/execution/history";

/** Events one second apart, each following the one before unless it says otherwise. */
function events(...parts: (Partial<HistoryEvent> & { type: HistoryEvent["type"] })[]): HistoryEvent[] {
  return parts.map((part, i) => ({
    id: i + 1,
    previousEventId: i,
    timestamp: new Date(1_700_000_000_000 + i * 1000),
    ...part,
  }));
}

const entered = (name: string) => ({ type: "TaskStateEntered" as const, stateEnteredEventDetails: { name } });
const exited = (name: string) => ({ type: "TaskStateExited" as const, stateExitedEventDetails: { name } });
const scheduled = (parameters: object) => ({
  type: "TaskScheduled" as const,
  taskScheduledEventDetails: {
    parameters: JSON.stringify(parameters),
    resource: "",
    resourceType: "",
    region: "",
  },
});
const failed = (error: string, cause = "") => ({
  type: "TaskFailed" as const,
  taskFailedEventDetails: { error, cause, resource: "", resourceType: "" },
});

describe("ExecutionHistory", () => {
  it("tells how long a state took, and its job", () => {
    const history = new ExecutionHistory();
    history.add(
      events(
        { type: "ExecutionStarted", previousEventId: 0 },
        entered("ModelTraining"),
        scheduled({ TrainingJobName: "job-1", RoleArn: "arn" }),
        { type: "TaskStarted" },
        { type: "TaskSucceeded" },
        exited("ModelTraining"),
      ),
    );
    expect(history.visits).toEqual([
      expect.objectContaining({ name: "ModelTraining", visit: 1, attempts: 1, job: "job-1" }),
    ]);
    expect(summarize(history.visits)).toEqual([
      { name: "ModelTraining", visits: 1, seconds: 4, jobs: ["job-1"] },
    ]);
  });

  it.each([
    [
      { Hit: true, Result: { JobName: "train-0" } },
      { state: "ModelTraining", job: "train-0" },
    ],
    [{ Hit: false, Address: "" }, undefined],
  ])("with the answer %j of the cache tells what was taken: %j", (earlierResult, taken) => {
    const history = new ExecutionHistory();
    const assignedVariables = { earlierResult: JSON.stringify(earlierResult) };
    const name = "FindEarlierTraining";
    history.add(
      events(entered(name), scheduled({}), {
        type: "TaskStateExited",
        stateExitedEventDetails: { name, assignedVariables },
      }),
    );
    expect(history.visits[0]?.taken).toEqual(taken);
  });

  it("shows a new attempt and its job's new name", () => {
    const history = new ExecutionHistory();
    history.add(
      events(
        entered("ModelTraining"),
        scheduled({ TrainingJobName: "job-0", RoleArn: "arn" }),
        failed("SageMaker.AmazonSageMakerException"),
        scheduled({ TrainingJobName: "job-1", RoleArn: "arn" }),
      ),
    );
    const [visit] = history.visits;
    expect(visit).toMatchObject({ attempts: 2, job: "job-1" });
    expect(visitLine(visit as NonNullable<typeof visit>)).toContain("attempt 2");
  });

  it("knows what a state says of the wait after it", () => {
    const history = new ExecutionHistory();
    const assignedVariables = { waitsFor: JSON.stringify("waits for capacity") };
    history.add(
      events(entered("TrainingAttemptFailed"), {
        type: "ChoiceStateExited",
        stateExitedEventDetails: { name: "TrainingAttemptFailed", assignedVariables },
      }),
    );
    expect(history.visits).toEqual([expect.objectContaining({ waitsFor: "waits for capacity" })]);
  });

  it("counts a state's visits, and sums them up", () => {
    const history = new ExecutionHistory();
    history.add(
      events(
        entered("CheckEndpoint"),
        exited("CheckEndpoint"),
        entered("CheckEndpoint"),
        exited("CheckEndpoint"),
      ),
    );
    expect(history.visits.map(({ visit }) => visit)).toEqual([1, 2]);
    expect(summarize(history.visits)).toEqual([{ name: "CheckEndpoint", visits: 2, seconds: 2, jobs: [] }]);
  });

  it("calls what a state looked for and did not find no error", () => {
    const find = (cause: string) => {
      const history = new ExecutionHistory();
      history.add(
        events(
          entered("FindEndpoint"),
          scheduled({}),
          failed("SageMaker.SageMakerException", cause),
          exited("FindEndpoint"),
        ),
      );
      return visitLine(history.visits[0] as never);
    };
    expect(find("Could not find endpoint x. (Service: SageMaker)")).toMatch(
      /^FindEndpoint +3\.0 s {2}none yet$/,
    );
    expect(find("Access denied")).toMatch(/ {2}caught SageMaker\.SageMakerException$/);
  });

  it("keeps apart states that run at the same time", () => {
    const history = new ExecutionHistory();
    history.add([
      ...events(
        entered("A"),
        entered("B"),
        { ...exited("A"), previousEventId: 1 },
        { ...failed("X"), previousEventId: 2 },
      ),
    ]);
    expect(history.visits).toMatchObject([
      { name: "A", endedAt: expect.any(Date) },
      { name: "B", error: "X" },
    ]);
    expect(history.visits[1]?.endedAt).toBeUndefined();
  });

  it("does not take a job that a function is told of for one that the state runs", () => {
    const history = new ExecutionHistory();
    history.add(events(entered("ModelEvaluation"), scheduled({ Payload: { TrainingJobName: "job-1" } })));
    expect(history.visits[0]?.job).toBeUndefined();
  });

  it("returns what changed, and leaves out events that it has seen", () => {
    const history = new ExecutionHistory();
    const all = events(entered("A"), exited("A"), entered("B"));
    expect(history.add(all.slice(0, 1)).map(({ name }) => name)).toEqual(["A"]);
    expect(history.add(all).map(({ name }) => name)).toEqual(["A", "B"]);
    expect(history.add(all)).toEqual([]);
  });
});
