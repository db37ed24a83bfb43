import { DescribeTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { jobKinds } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";
import type { ExecutionResult } from "./execution";

/** Metrics of config.ts that SageMaker did not find in the training job's log; none if the job cannot be read. */
export async function unseenMetrics(
  aws: Pick<Aws, "sagemaker">,
  { visits }: Pick<ExecutionResult, "visits">,
): Promise<readonly string[]> {
  const TrainingJobName = visits.findLast(({ name }) => name === jobKinds.train.step.state)?.job;
  if (TrainingJobName === undefined) return [];
  try {
    const job = await aws.sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName }));
    const seen = new Set(job.FinalMetricDataList?.map(({ MetricName }) => MetricName));
    const wanted = job.AlgorithmSpecification?.MetricDefinitions?.map(({ Name = "" }) => Name) ?? [];
    return wanted.filter((name) => !seen.has(name));
  } catch {
    return [];
  }
}
