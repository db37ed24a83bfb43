import { nextCommand } from "../../../cli/execution/next-command";

const command = (status: "FAILED" | "ABORTED" | "TIMED_OUT", state?: string) =>
  nextCommand("dev", { name: "run-1", status }, { state });

it.each(["ABORTED", "TIMED_OUT"] as const)("redrives what ended as %s", (status) => {
  expect(command(status)).toBe("npm run execute -- dev --redrive run-1");
});

it.each([
  ["ModelTraining", "npm run execute -- dev --from ModelTraining --of run-1"],
  ["CheckModelPerformance", "npm run execute -- dev --from ModelEvaluation --of run-1"],
  ["DataPreprocessing", undefined],
  [undefined, undefined],
])("starts at a stage after %s failed, if that is not the first", (state, expected) => {
  expect(command("FAILED", state)).toBe(expected);
});
