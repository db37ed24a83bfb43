/** The recipe's workflow with the other training script, chosen through props only. */

import { DescribeTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { testEndpoint } from "../../cli/execution/endpoint-test";
import { executionOutput } from "../../cli/execution/report";
import { testRun, workflowProps } from "../../configuration";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { housingCsv } from "./housing-data";

let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  const props = workflowProps("local");
  workflow = await cloud.deploy({
    ...props,
    prefix: "boosted",
    training: {
      folder: props.training.folder,
      entryPoint: "gradient_boosting.py",
      hyperparameters: { "max-iter": 40, "learning-rate": 0.2, folds: 3 },
      metrics: ["test_r2", "cv_r2"],
    },
  });
  await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
});

afterAll(() => cloud?.stop());

it("passes the gate, reports importances after its metrics, and is served", async () => {
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  const { Metrics, TrainingJobName, EndpointName } = executionOutput(result);
  const names = Object.keys(Metrics);
  expect(names.slice(0, 11)).toEqual(expect.arrayContaining(["test_r2", "cv_r2", "feature_count"]));
  expect(names.slice(11)).toHaveLength(8);
  expect(names[11]).toBe("importance_MedInc");

  const job = await cloud.aws.sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName }));
  const final = (job.FinalMetricDataList ?? []).map(({ MetricName, Value }) => [MetricName, Value]);
  expect(Object.fromEntries(final)).toEqual({
    test_r2: expect.closeTo(Metrics.test_r2 as number, 5),
    cv_r2: expect.closeTo(Metrics.cv_r2 as number, 5),
  });

  const predictions = await testEndpoint(cloud.aws, EndpointName as string, testRun.instances);
  expect(predictions).toEqual([expect.any(Number), expect.any(Number)]);
});
