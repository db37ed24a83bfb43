import { DescribeTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import type { Aws } from "../account/clients";
import type { ExecutionResult } from "./execution";
import { executionOutput } from "./report";

/**
 * Metrics of config.ts that SageMaker did not find in the log of the job that trained the model; none if the job cannot be
 * read.
 */
export async function unseenMetrics(
  aws: Pick<Aws, "sagemaker">,
  result: ExecutionResult,
): Promise<readonly string[]> {
  const { TrainingJobName } = executionOutput(result);
  try {
    const job = await aws.sagemaker().send(new DescribeTrainingJobCommand({ TrainingJobName }));
    const seen = new Set(job.FinalMetricDataList?.map(({ MetricName }) => MetricName));
    const wanted = job.AlgorithmSpecification?.MetricDefinitions?.map(({ Name = "" }) => Name) ?? [];
    return wanted.filter((name) => !seen.has(name));
  } catch {
    return [];
  }
}
