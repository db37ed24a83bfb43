import type { ExecutionResult } from "../../../cli/execution/execution";
import { unseenMetrics } from "../../../cli/execution/unseen-metrics";

const result = (output: object) =>
  ({ description: { output: JSON.stringify(output) }, visits: [] }) as unknown as ExecutionResult;
const trained = result({ TrainingJobName: "job" });

/** Answers for one training job. */
function aws(send: (command: { input: { TrainingJobName?: string } }) => unknown) {
  return { sagemaker: () => ({ send: async (command: never) => send(command) }) } as never;
}

it("names metrics that the log of the job that trained the model did not have", async () => {
  const described: (string | undefined)[] = [];
  const client = aws(({ input }) => {
    described.push(input.TrainingJobName);
    return {
      AlgorithmSpecification: { MetricDefinitions: [{ Name: "rmse" }, { Name: "tset_rmse" }] },
      FinalMetricDataList: [{ MetricName: "rmse", Value: 1 }],
    };
  });
  expect(await unseenMetrics(client, trained)).toEqual(["tset_rmse"]);
  expect(described).toEqual(["job"]);
});

it("names all of them where the log had none", async () => {
  const client = aws(() => ({ AlgorithmSpecification: { MetricDefinitions: [{ Name: "rmse" }] } }));
  expect(await unseenMetrics(client, trained)).toEqual(["rmse"]);
});

it("names none without a training job, or where it cannot be read", async () => {
  const refused = aws(() => {
    throw new Error("AccessDeniedException");
  });
  expect(await unseenMetrics(refused, trained)).toEqual([]);
  expect(await unseenMetrics(refused, result({}))).toEqual([]);
});
