import { nextCommand } from "../../../cli/execution/next-command";

const arnIn = (machine: string) => `arn:aws:states:us-east-1:123456789012:execution:${machine}:run-1`;
const version = "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing-dev/7";

function command(
  status: "FAILED" | "ABORTED" | "TIMED_OUT",
  state?: string,
  error = "",
  input = {},
  machine = "housing-dev",
) {
  const description = {
    executionArn: arnIn(machine),
    name: "run-1",
    status,
    error,
    input: JSON.stringify(input),
  };
  return nextCommand("dev", description, { state });
}

it.each(["ABORTED", "TIMED_OUT"] as const)("redrives what ended as %s", (status) => {
  expect(command(status)).toBe("npm run execute -- dev --redrive run-1");
  for (const machine of ["housing-dev-release", "housing-dev-monitor"]) {
    expect(command(status, undefined, "", {}, machine)).toBe(
      `npm run execute -- dev --redrive ${arnIn(machine)}`,
    );
  }
});

it("redrives what failed with an error that no state catches", () => {
  expect(command("FAILED", undefined, "States.DataLimitExceeded")).toBe(
    "npm run execute -- dev --redrive run-1",
  );
});

it.each([
  ["ModelTraining", "TrainingJobFailed", "npm run execute -- dev --from ModelTraining --of run-1"],
  [
    "CheckModelPerformance",
    "ModelPerformanceInsufficient",
    "npm run execute -- dev --from ModelEvaluation --of run-1",
  ],
  ["DataPreprocessing", "ProcessingJobFailed", undefined],
  [undefined, "InvalidInput", undefined],
])("starts at a stage after %s failed, if that is not the first", (state, error, expected) => {
  expect(command("FAILED", state, error)).toBe(expected);
});

it.each([
  ["DeploymentFailed", "npm run rollback -- dev 7"],
  ["AutoscalingFailed", "npm run rollback -- dev 7 --again"],
])("releases the version again after %s of a release", (error, expected) => {
  expect(command("FAILED", "CreateEndpoint", error, { ModelPackageArn: version })).toBe(expected);
});

const startDate = new Date("2026-01-31T12:00:40Z");
const given = { WindowStart: "2026-01-30T00:00:00Z", WindowEnd: "2026-01-30T06:00:00Z" };

it.each([
  ["MonitoringFailed", given, " --since 2026-01-30T00:00:00.000Z --until 2026-01-30T06:00:00.000Z"],
  // The default window: 24 hours, until 15 minutes before its start.
  ["MonitoringFailed", {}, " --since 2026-01-30T11:45:00.000Z --until 2026-01-31T11:45:00.000Z"],
  [
    "NothingToMonitor",
    { WindowEnd: given.WindowEnd },
    " --since 2026-01-29T06:00:00.000Z --until 2026-01-30T06:00:00.000Z",
  ],
  [
    "PreparationFailed",
    { WindowStart: given.WindowStart },
    " --since 2026-01-30T00:00:00.000Z --until 2026-01-31T11:45:00.000Z",
  ],
  ["InvalidInput", { WindowStart: "yesterday" }, ""],
  ["MonitoringFailed", { WindowStart: "yesterday" }, ""],
])(
  "judges the window of the run again after %s of the monitor, with the input %j",
  (error, input, window) => {
    const description = {
      executionArn: arnIn("housing-dev-monitor"),
      name: "run-1",
      status: "FAILED" as const,
      error,
      input: JSON.stringify(input),
      startDate,
    };
    expect(nextCommand("dev", description, {})).toBe(`npm run monitor -- dev${window}`);
  },
);
