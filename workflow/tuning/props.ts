/** The tuning of a workflow, as `config.ts` sets it, and with its defaults. */

import type { limits } from "./limits";
import type { TuningRanges } from "./ranges";

/** How a tuning job chooses the values to try. */
export type TuningStrategy = keyof typeof limits.jobs;

/** Searches the hyperparameters of the training script: many training jobs, of which the best one goes on. */
export interface TuningProps {
  /** What to search, by the name of a hyperparameter in `training.hyperparameters`. */
  readonly ranges: TuningRanges;
  /** @default "bayesian" */
  readonly strategy?: TuningStrategy;
  /**
   * The metric to improve, one of `training.metrics`.
   *
   * @default - the gate's metric, in the direction that the gate calls better
   */
  readonly objective?: TuningObjective;
  /**
   * Training jobs in all. A grid search has one for each combination of values, so it takes no other number.
   *
   * @default - 10, or fewer if there are not so many combinations
   */
  readonly maxJobs?: number;
  /**
   * Training jobs at the same time. With fewer, a Bayesian search learns more from each.
   *
   * @default 2
   */
  readonly maxParallelJobs?: number;
  /**
   * Makes the choice of values repeatable, as far as jobs end in the same order.
   *
   * @default - another one each time
   */
  readonly seed?: number;
  /**
   * Whether SageMaker stops a training job whose metric, printed after each epoch, falls behind that of the others.
   *
   * @default false
   */
  readonly earlyStopping?: boolean;
  /** What `hyperband` distributes among the jobs: epochs. For no other strategy. */
  readonly hyperband?: {
    /** @default - SageMaker decides */
    readonly minResource?: number;
    /** @default - the value of a hyperparameter called `epochs`, `numepochs`, `n-epochs`, `n_epochs` or `num_epochs` */
    readonly maxResource?: number;
  };
  /**
   * What ends the tuning before all its jobs have run.
   *
   * @default - nothing
   */
  readonly completion?: TuningCompletion;
  /**
   * Earlier tuning jobs of this workflow, whose results the search starts with.
   *
   * @default - none
   */
  readonly warmStart?: {
    /** Names of up to five tuning jobs. */
    readonly parents: readonly string[];
    /**
     * `identical` if neither data nor scripts have changed since, otherwise `transfer`.
     *
     * @default "transfer"
     */
    readonly kind?: "identical" | "transfer";
  };
}

export interface TuningObjective {
  readonly metric: string;
  readonly goal: "maximize" | "minimize";
}

export interface TuningCompletion {
  /** A value of the objective that is good enough. */
  readonly targetValue?: number;
  /** Jobs in a row without an improvement of 1 % or more; at least 3. */
  readonly notImprovingJobs?: number;
  /** Whether SageMaker may end it once it expects no improvement. */
  readonly convergence?: boolean;
  /** Time of the whole tuning job; the best training job so far goes on. */
  readonly maxRuntimeInSeconds?: number;
}

/** The tuning with its defaults. */
export interface TuningSettings extends Pick<TuningProps, "ranges" | "seed" | "hyperband"> {
  readonly strategy: TuningStrategy;
  readonly objective: TuningObjective;
  readonly maxJobs: number;
  readonly maxParallelJobs: number;
  readonly earlyStopping: boolean;
  readonly completion: TuningCompletion;
  readonly warmStart?: Required<NonNullable<TuningProps["warmStart"]>>;
}
