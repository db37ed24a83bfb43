import { DescribeHyperParameterTuningJobCommand } from "@aws-sdk/client-sagemaker";
import type { Aws } from "../account/clients";
import { shortNumber } from "../terminal/number";

/** How far a tuning job is, in one line: its training jobs, and the best result so far. */
export async function tuningProgress(
  aws: Pick<Aws, "sagemaker">,
  HyperParameterTuningJobName: string,
): Promise<string> {
  const job = await aws
    .sagemaker()
    .send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName }));
  const {
    Completed = 0,
    InProgress = 0,
    Stopped = 0,
    RetryableError = 0,
    NonRetryableError = 0,
  } = job.TrainingJobStatusCounters ?? {};
  const failed = RetryableError + NonRetryableError;
  const most = job.HyperParameterTuningJobConfig?.ResourceLimits?.MaxNumberOfTrainingJobs;
  const best = job.BestTrainingJob?.FinalHyperParameterTuningJobObjectiveMetric;
  return [
    `${Completed + Stopped + failed}${most === undefined ? "" : ` of ${most}`} training jobs ended`,
    `${InProgress} run`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(best?.Value === undefined ? [] : [`best ${best.MetricName} ${shortNumber(best.Value)}`]),
  ].join(", ");
}
