/** Training on spot instances, which only the emulator takes away at will. */

import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { executionOutput } from "../../cli/execution/report";
import { workflowProps } from "../../configuration";
import { jobLogGroup, jobLogPrefix } from "../../workflow/job-kinds";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  const props = workflowProps("local");
  workflow = await cloud.deploy({
    ...props,
    prefix: "spot",
    training: {
      folder: props.training.folder,
      entryPoint: "gradient_boosting.py",
      // Long enough to be interrupted twice, after a checkpoint each time.
      hyperparameters: { "max-iter": 160, "max-leaf-nodes": 4, "checkpoint-iterations": 5, folds: 3 },
      metrics: ["test_r2"],
      spot: { maxWaitInSeconds: 7200 },
    },
  });
  await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
});

afterAll(() => cloud?.stop());

async function logOf(job: string): Promise<string[]> {
  const { endpoint, region, credentials } = cloud.aws.connection;
  const logs = new CloudWatchLogsClient({ endpoint, region, credentials });
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({
      logGroupName: jobLogGroup("train"),
      logStreamNamePrefix: jobLogPrefix("train", job),
      filterPattern: "continues",
    }),
  );
  return events.map(({ message = "" }) => message);
}

it("ends with the same metrics after two interruptions as without", async () => {
  const through = await workflow.run();
  expect(failureOf(through)).toEqual(succeeded);
  await cloud.inject({
    operation: "sagemaker:CreateTrainingJob",
    match: "spot-local-train-*",
    times: 2,
    interrupt: { after: "checkpoint", graceSeconds: 10 },
  });

  const interrupted = await workflow.run();

  expect(failureOf(interrupted)).toEqual(succeeded);
  const { Metrics, TrainingJobName = "" } = executionOutput(interrupted);
  const job = await cloud.aws.sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName }));
  const phases = (job.SecondaryStatusTransitions ?? []).map(({ Status }) => Status);
  expect(phases.filter((phase) => phase === "Interrupted")).toHaveLength(2);
  expect(phases.at(-1)).toBe("Completed");
  expect(await logOf(TrainingJobName)).toEqual(
    Array(2).fill(expect.stringMatching(/^continues after iteration \d+ of 160, from a checkpoint/)),
  );
  expect(Metrics).toEqual(executionOutput(through).Metrics);
  expect(await logOf(executionOutput(through).TrainingJobName as string)).toEqual([]);
});
