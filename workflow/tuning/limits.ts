/** SageMaker's limits of a tuning job, each with the page that states it. */

const guide = "https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning";
const api = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API";

export const pages = {
  name: `${api}_CreateHyperParameterTuningJob.html`,
  ranges: `${api}_ParameterRanges.html`,
  categories: `${api}_CategoricalParameterRange.html`,
  scaling: `${guide}-define-ranges.html`,
  /** No page says it: the service answers so. */
  oneValue: "https://github.com/aws/amazon-sagemaker-feedback/issues/195",
  combinations: "https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123",
  strategies: `${guide}-how-it-works.html`,
  hyperband: `${api}_HyperbandStrategyConfig.html`,
  earlyStopping: `${api}_HyperParameterTuningJobConfig.html`,
  notImproving: `${api}_BestObjectiveNotImproving.html`,
  runtime: `${api}_ResourceLimits.html`,
  warmStart: `${api}_HyperParameterTuningJobWarmStartConfig.html`,
  quotas: `${guide}-limits.html`,
} as const;

export const limits = {
  ranges: 30,
  categories: 30,
  characters: 256,
  metrics: 20,
  /** The quota is 10; AWS raises it on request. */
  parallelJobs: 100,
  /** The quota of a random search is 750, too; AWS raises that one on request. */
  jobs: { random: 10_000, grid: 750, bayesian: 750, hyperband: 750 },
  hyperbandResource: 20_000,
  notImprovingJobs: 3,
  shortestSeconds: 120,
  /** 30 days, less than the API would take. */
  longestSeconds: 30 * 24 * 3600,
  parents: 5,
} as const;

/** The refusal of a value, with the page that states why. */
export function refusal(message: string, page: keyof typeof pages): Error {
  return new Error(`${message} (${pages[page]})`);
}
