import { caughtCause, caughtFailure, failState } from "../../workflow/failures";
import { evaluate } from "./evaluate";

const cause = (failure: object) =>
  evaluate(failState("TrainingJobFailed").Cause, {}, { failure }) as Promise<string>;
const caught = (errorOutput: object) => evaluate(caughtFailure("A", "JobName"), { errorOutput });

describe("the cause of a failure", () => {
  it("is the JSON of its details", async () => {
    const failure = { state: "A", reason: "it broke", metrics: { r2: 0.5 } };
    expect(JSON.parse(await cause(failure))).toEqual(failure);
  });

  it("stays within what Step Functions takes, whatever it is told", async () => {
    for (const text of ["x", "\u0001", "é", '"', "\u2028"]) {
      const long = text.repeat(100_000);
      const told = await cause({
        state: "A",
        error: long,
        job: "j".repeat(63),
        reason: long,
        rollback: long,
      });
      expect(told.length).toBeLessThan(32_768);
      expect(JSON.parse(told).reason).toBe(text.repeat(2000));
    }
  });
});

describe("a caught error", () => {
  it("tells a job by what its description says", async () => {
    const Cause = JSON.stringify({ JobName: "j", FailureReason: "AlgorithmError" });
    expect(await caught({ Error: "States.TaskFailed", Cause })).toEqual({
      state: "A",
      error: "States.TaskFailed",
      job: "j",
      reason: "AlgorithmError",
    });
  });

  it.each([
    [undefined, "States.Timeout"],
    ["", "States.Timeout"],
    ["text", "text"],
    ["{}", "{}"],
    ['{"FailureReason": {"a": 1}}', '{"FailureReason": {"a": 1}}'],
    ['{"errorMessage": null}', '{"errorMessage": null}'],
    ['{"errorMessage": [1], "ExitMessage": "left"}', "left"],
    ["x".repeat(100_000), "x".repeat(2000)],
    [JSON.stringify({ FailureReason: "x".repeat(100_000) }), "x".repeat(2000)],
  ])("has a reason of bounded length whatever its cause is (%#)", async (Cause, reason) => {
    const errorOutput = { Error: "States.Timeout", ...(Cause !== undefined && { Cause }) };
    expect(await caught(errorOutput)).toMatchObject({ reason });
    const short = await evaluate(caughtCause, { errorOutput });
    expect((short as string).length).toBeLessThanOrEqual(2000);
  });

  it.each([
    [undefined, "States.Timeout"],
    ["", "States.Timeout"],
    ["text", "text"],
  ])("with the cause %j has a reason all the same", async (Cause, reason) => {
    expect(await evaluate(caughtCause, { errorOutput: { Error: "States.Timeout", Cause } })).toBe(reason);
  });
});
