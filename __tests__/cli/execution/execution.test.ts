import type { HistoryEvent, SFNClient } from "@aws-sdk/client-sfn";
import { ExecutionAlreadyExists, StateMachineDoesNotExist } from "@aws-sdk/client-sfn";
import { startExecution, watchExecution } from "../../../cli/execution/execution";
import { OutcomeUnknownError, UsageError } from "../../../cli/terminal/errors";
import { fakeSfn } from "./fake-sfn";

const arn = "arn:aws:states:us-east-1:123456789012:execution:housing-dev:run-1";
const watch = { timeoutSeconds: 300, pollMilliseconds: 1 };
const history: HistoryEvent[] = Array.from({ length: 7 }, (_, i) => ({
  id: i + 1,
  previousEventId: i,
  timestamp: new Date(i),
  type: "TaskStateEntered",
  stateEnteredEventDetails: { name: `State${i}` },
}));

describe("watchExecution", () => {
  it("follows an execution to its end and tells each state once", async () => {
    const { sfn } = fakeSfn([
      { status: "RUNNING", events: history.slice(0, 3) },
      { status: "RUNNING", events: history.slice(0, 4) },
      { status: "SUCCEEDED", events: history },
    ]);
    const seen: string[] = [];
    const result = await watchExecution(sfn, arn, { ...watch, onVisit: ({ name }) => seen.push(name) });
    expect(seen).toEqual(history.map((_, i) => `State${i}`));
    expect(result.description.status).toBe("SUCCEEDED");
  });

  it("waits for what shows a visit, and lets more be shown while the execution runs", async () => {
    const { sfn } = fakeSfn([
      { status: "RUNNING", events: history.slice(0, 1) },
      { status: "SUCCEEDED", events: history.slice(0, 2) },
    ]);
    const shown: string[] = [];
    await watchExecution(sfn, arn, {
      ...watch,
      onVisit: async ({ name }) => {
        await new Promise(setImmediate);
        shown.push(name);
      },
      onLook: async () => {
        shown.push("look");
      },
    });
    expect(shown).toEqual(["State0", "look", "State1"]);
  });

  it("reads only the pages that are new", async () => {
    const { sfn, asked } = fakeSfn([
      { status: "RUNNING", events: history.slice(0, 6) },
      { status: "SUCCEEDED", events: history },
    ]);
    await watchExecution(sfn, arn, watch);
    // Three pages of two, then one page: its second event is known.
    expect(asked.filter((name) => name === "GetExecutionHistoryCommand")).toHaveLength(4);
  });

  it.each(["FAILED", "TIMED_OUT", "ABORTED"])("returns an execution that ended as %s", async (status) => {
    const { sfn } = fakeSfn([{ status, events: [] }]);
    expect((await watchExecution(sfn, arn, watch)).description.status).toBe(status);
  });

  it("stops waiting after the limit, and says how to go on", async () => {
    const { sfn } = fakeSfn([{ status: "RUNNING", events: [] }]);
    const waiting = watchExecution(sfn, arn, { timeoutSeconds: 0.02, pollMilliseconds: 5 });
    await expect(waiting).rejects.toThrow(OutcomeUnknownError);
    await expect(waiting).rejects.toThrow("--attach run-1");
  });

  it("stops waiting when it is told to", async () => {
    const { sfn } = fakeSfn([{ status: "RUNNING", events: [] }]);
    const controller = new AbortController();
    const waiting = watchExecution(sfn, arn, {
      timeoutSeconds: 60,
      pollMilliseconds: 60_000,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 20);
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("startExecution", () => {
  const failing = (error: Error) => ({ send: () => Promise.reject(error) }) as unknown as SFNClient;
  const meta = { $metadata: {}, message: "" };

  it("fails for a name that was used before, and says what to do", async () => {
    const start = startExecution(failing(new ExecutionAlreadyExists(meta)), "arn", "run-1", {});
    await expect(start).rejects.toThrow(UsageError);
    await expect(start).rejects.toThrow("--attach run-1");
  });

  it("fails for a state machine that is not there", async () => {
    const start = startExecution(failing(new StateMachineDoesNotExist(meta)), "arn:sm", "run-1", {});
    await expect(start).rejects.toThrow("The state machine arn:sm does not exist");
  });
});
