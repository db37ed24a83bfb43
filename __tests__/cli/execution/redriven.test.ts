import { ExecutionNotRedrivable, type SFNClient } from "@aws-sdk/client-sfn";
import type { Aws } from "../../../cli/account/clients";
import { watchExecution } from "../../../cli/execution/execution";
import { redriveNamed } from "../../../cli/execution/redriven";

const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:housing-dev";
const executionArn = "arn:aws:states:us-east-1:123456789012:execution:housing-dev:run-1";

/** A Step Functions client with one execution. */
function client(description: object, events: object[] = [{ id: 7, type: "ExecutionAborted" }]) {
  const sent: string[] = [];
  const sfn = {
    send: async ({ constructor: { name } }: object) => {
      sent.push(name);
      if (name === "DescribeExecutionCommand") return { executionArn, name: "run-1", ...description };
      if (name === "GetExecutionHistoryCommand") return { events };
      return { redriveDate: new Date() };
    },
  } as unknown as SFNClient;
  return { executions: { aws: { sfn: () => sfn } as unknown as Aws, stateMachineArn }, sfn, sent };
}

it.each(["ABORTED", "TIMED_OUT", "FAILED"])("redrives an execution that ended as %s", async (status) => {
  const { executions, sent } = client({ status, redriveStatus: "REDRIVABLE", redriveCount: 2 });
  expect(await redriveNamed(executions, "run-1", "dev")).toEqual({
    arn: executionArn,
    since: 7,
    redriveCount: 3,
  });
  expect(sent.at(-1)).toBe("RedriveExecutionCommand");
});

it.each([
  ["RUNNING", "Execution is RUNNING and cannot be redriven", "follow it with --attach run-1"],
  ["SUCCEEDED", "Execution is SUCCEEDED and cannot be redriven", "show its report with --attach"],
  ["FAILED", "Execution redrivable period exceeded", "from a later stage with --from and --of"],
])("refuses one that is %s, with AWS's reason", async (status, redriveStatusReason, instead) => {
  const { executions, sent } = client({ status, redriveStatus: "NOT_REDRIVABLE", redriveStatusReason });
  const refused = redriveNamed(executions, "run-1", "dev");
  await expect(refused).rejects.toThrow(`run-1 cannot be redriven: ${redriveStatusReason}; `);
  await expect(refused).rejects.toThrow(instead);
  expect(sent).not.toContain("RedriveExecutionCommand");
});

it.each([
  ['{"state":"ModelTraining","reason":"r"}', "npm run execute -- dev --from ModelTraining --of run-1"],
  ['{"state":"SmokeTest"}', "npm run execute -- dev --from ModelEvaluation --of run-1"],
  ['{"state":"FindData"}', "Start a new execution: npm run execute -- dev"],
  ["not JSON", "Start a new execution: npm run execute -- dev"],
  [undefined, "Start a new execution: npm run execute -- dev"],
])("says what to do after a named failure with the cause %s", async (cause, instead) => {
  const failed = { type: "FailStateEntered", stateEnteredEventDetails: { name: "Named" } };
  const named = { status: "FAILED", error: "TrainingJobFailed", redriveStatus: "REDRIVABLE", cause };
  const { executions, sent } = client(named, [
    { id: 9, type: "ExecutionFailed" },
    { id: 8, ...failed },
  ]);
  const refused = redriveNamed(executions, "run-1", "dev");
  await expect(refused).rejects.toThrow(
    "run-1 ended in the Fail state Named, which a redrive would only enter again",
  );
  await expect(refused).rejects.toThrow(instead);
  expect(sent).not.toContain("RedriveExecutionCommand");
});

it("says so if AWS refuses what it said can be redriven", async () => {
  const { executions, sfn } = client({ status: "FAILED", redriveStatus: "REDRIVABLE" });
  const send = sfn.send.bind(sfn);
  sfn.send = (async (command: object) => {
    if (command.constructor.name === "RedriveExecutionCommand") {
      throw new ExecutionNotRedrivable({ message: "too late", $metadata: {} });
    }
    return await (send as (sent: object) => Promise<unknown>)(command);
  }) as typeof sfn.send;
  await expect(redriveNamed(executions, "run-1", "dev")).rejects.toThrow(
    "run-1 cannot be redriven: too late",
  );
});

it("is followed from its redrive on, though AWS may still tell of its end before", async () => {
  const looks = [
    { status: "ABORTED", redriveCount: 0 },
    { status: "RUNNING", redriveCount: 1 },
    { status: "SUCCEEDED", redriveCount: 1 },
  ];
  const before = [
    { id: 1, previousEventId: 0, type: "TaskStateEntered", stateEnteredEventDetails: { name: "First" } },
    { id: 2, previousEventId: 1, type: "TaskStateExited" },
    { id: 3, previousEventId: 2, type: "TaskStateEntered", stateEnteredEventDetails: { name: "Second" } },
    { id: 4, previousEventId: 0, type: "ExecutionAborted" },
  ];
  // AWS's pages do not say whether the state is entered again.
  const after = [
    { id: 5, previousEventId: 4, type: "ExecutionRedriven" },
    { id: 6, previousEventId: 5, type: "TaskScheduled" },
    { id: 7, previousEventId: 6, type: "TaskStateExited", timestamp: new Date(5) },
  ];
  const sfn = {
    send: async ({ constructor: { name } }: object) =>
      name === "DescribeExecutionCommand" ? looks.shift() : { events: [...before, ...after].reverse() },
  } as unknown as SFNClient;
  const told: string[] = [];
  const { description } = await watchExecution(sfn, executionArn, {
    timeoutSeconds: 60,
    pollMilliseconds: 1,
    redriven: { since: 4, redriveCount: 1 },
    onVisit: ({ name, endedAt }) => told.push(`${name} ${endedAt === undefined ? "runs" : "ended"}`),
  });
  expect(description.status).toBe("SUCCEEDED");
  expect(told).toEqual(["Second ended"]);
});
