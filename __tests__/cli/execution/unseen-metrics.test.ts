import type { StateVisit } from "../../../cli/execution/history";
import { unseenMetrics } from "../../../cli/execution/unseen-metrics";

const visit = (name: string, job?: string): StateVisit => ({
  ...{ name, job, type: "Task", visit: 1, attempts: 1, startedAt: new Date(0) },
});

/** Answers for one training job. */
function aws(send: (command: { input: { TrainingJobName?: string } }) => unknown) {
  return { sagemaker: () => ({ send: async (command: never) => send(command) }) } as never;
}

it("names metrics that the last training job's log did not have", async () => {
  const described: (string | undefined)[] = [];
  const client = aws(({ input }) => {
    described.push(input.TrainingJobName);
    return {
      AlgorithmSpecification: { MetricDefinitions: [{ Name: "rmse" }, { Name: "tset_rmse" }] },
      FinalMetricDataList: [{ MetricName: "rmse", Value: 1 }],
    };
  });
  const visits = [
    visit("ModelTraining", "first"),
    visit("ModelTraining", "second"),
    visit("ModelEvaluation"),
  ];
  expect(await unseenMetrics(client, { visits })).toEqual(["tset_rmse"]);
  expect(described).toEqual(["second"]);
});

it("names all of them where the log had none", async () => {
  const client = aws(() => ({ AlgorithmSpecification: { MetricDefinitions: [{ Name: "rmse" }] } }));
  expect(await unseenMetrics(client, { visits: [visit("ModelTraining", "job")] })).toEqual(["rmse"]);
});

it("names none without a training job, or where it cannot be read", async () => {
  const refused = aws(() => {
    throw new Error("AccessDeniedException");
  });
  expect(await unseenMetrics(refused, { visits: [visit("ModelTraining", "job")] })).toEqual([]);
  expect(await unseenMetrics(refused, { visits: [visit("ModelEvaluation")] })).toEqual([]);
});
