import { arn } from "../arns";
import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import type { ChoiceState, TaskState } from "../asl/states";
import { catchAll, caughtJob } from "../failures";
import { allow } from "../iam";
import { jobKinds, jobResource } from "../job-kinds";
import { tuningNameStart } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { longestTrainingJobSeconds } from "../training-instances";
import { longestTuningSeconds } from "../tuning/checks";
import type { TuningCompletion, TuningSettings } from "../tuning/props";
import { beginningOf, cachedStep, earlierResult } from "./cache";
import { spotAndCheckpoints } from "./checkpoints";
import { jobStep, longestAttemptSeconds, roleAndLimit } from "./job";
import { jobTags } from "./reason";
import { trainedVariables } from "./stage";
import { cachedTraining, trainedModelUrl, trainingRequest } from "./training";

/**
 * Trains many models with a SageMaker hyperparameter tuning job, unless the input switches it off, and goes on with the
 * best one as a single training job would: with the same variables.
 */
export function tuningStep(workflow: Workflow, tuning: TuningSettings, next: string): Step {
  const { settings, references } = workflow;
  const longestJob = longestAttemptSeconds(longestTrainingJobSeconds(settings.training));
  const maxRuntimeInSeconds = longestTuningSeconds(tuning, longestJob);
  const job = (then: string): Step => {
    const { states, policyStatements } = jobStep(workflow, "tune", {
      maxRuntimeInSeconds,
      waitForCapacityInSeconds: settings.training.waitForCapacityInSeconds,
      stopped: {
        assign: { ...stoppedJob, ...(settings.cache && { tuningStatus: "stopped" }) },
        isUsable: jsonata`$bestTrainingJob != ""`,
      },
      roleArn: references.roleArns.train,
      request: request(workflow, tuning, maxRuntimeInSeconds),
      assign: {
        // The result of `.sync` names the best training job and has nothing else of it.
        bestTrainingJob: jsonata`$exists($states.result.BestTrainingJob.TrainingJobName)
          ? $states.result.BestTrainingJob.TrainingJobName
          : $error(${`No training job of the tuning job has reported ${tuning.objective.metric}`})`,
        ...(settings.cache && {
          tuningStatus: jsonata`$lowercase($states.result.HyperParameterTuningJobStatus)`,
        }),
      },
      next: "ReadBestTraining",
    });
    return {
      states: { ...states, ReadBestTraining: readBestTraining(workflow, then) },
      policyStatements: [
        ...policyStatements,
        allow(
          ["sagemaker:DescribeTrainingJob"],
          [arn(references, "sagemaker", jobResource("train", `${tuningNameStart(settings)}*`))],
        ),
      ],
    };
  };
  // None are fixed where all are searched.
  const { parameters, inputs } = cachedTraining(workflow, jsonata`$merge([{}, ${fixed(tuning)}])`);
  const cached = {
    parameters: { ...parameters, Tuning: search(tuning, maxRuntimeInSeconds) },
    inputs,
    // A search that was stopped has looked at a part only.
    status: jsonata`$tuningStatus`,
    result: {
      JobName: jsonata`$trainingJobName`,
      TuningJobName: jsonata`$tuningJobName`,
      HyperParameters: jsonata`$hyperparameters`,
    },
    variables: {
      ...trainedVariables(workflow, jsonata`${earlierResult}.JobName`),
      tuningJobName: jsonata`${earlierResult}.TuningJobName`,
      hyperparameters: jsonata`${earlierResult}.HyperParameters`,
    },
    next,
  };
  const { states, policyStatements } = cachedStep(workflow, "tune", cached, job);
  return { states: { TrainOrTune: trainOrTune(workflow), ...states }, policyStatements };
}

/** JSONata: the hyperparameters that are the same in all training jobs. */
function fixed({ ranges }: TuningSettings): Jsonata {
  const tuned = Object.keys(ranges);
  return jsonata`$sift($hyperparameters, function($value, $name) { $not($name in ${tuned}) })`;
}

/**
 * What a tuning job that was stopped has found: no page says whether `.sync` fails then, or after the tuning job's own time
 * limit.
 */
const stoppedJob = {
  bestTrainingJob: jsonata`(
    $job := ${caughtJob};
    $best := $job.BestTrainingJob.TrainingJobName;
    $lowercase($job.HyperParameterTuningJobStatus) = "stopped" and $exists($best) ? $best : ""
  )`,
  tuningJobName: jsonata`(
    $job := ${caughtJob};
    $exists($job.HyperParameterTuningJobName) ? $job.HyperParameterTuningJobName : ""
  )`,
};

function trainOrTune(workflow: Workflow): ChoiceState {
  return {
    Type: "Choice",
    Choices: [{ Condition: jsonata`$tuning.on`, Next: beginningOf(workflow, "tune") }],
    Default: beginningOf(workflow, "train"),
  };
}

function readBestTraining(workflow: Workflow, next: string): TaskState {
  return sdkTask(workflow, "sagemaker", "describeTrainingJob", {
    Arguments: { TrainingJobName: jsonata`$bestTrainingJob` },
    Assign: {
      trainingJobName: jsonata`$states.result.TrainingJobName`,
      trainedModelUrl,
      // Without what script mode and SageMaker's tuning add.
      hyperparameters: jsonata`$sift($states.result.HyperParameters, function($value, $name) {
        $not($contains($name, /^(sagemaker_|_tuning_)/))
      })`,
    },
    Catch: [catchAll("ReadBestTraining", jobKinds.tune.step.failure)],
    Next: next,
  });
}

function request(workflow: Workflow, tuning: TuningSettings, maxRuntimeInSeconds: number): JsonObject {
  const { settings, references } = workflow;
  const { maxRuntimeInSeconds: maxRuntime, spot } = settings.training;
  return {
    ...search(tuning, maxRuntimeInSeconds),
    TrainingJobDefinition: {
      ...trainingRequest(workflow, "StaticHyperParameters", fixed(tuning)),
      ...spotAndCheckpoints(workflow, "tuning"),
      ...roleAndLimit(references.roleArns.train, maxRuntime, spot),
    },
    Tags: jobTags(workflow),
  };
}

/** What is searched, and how. */
function search(tuning: TuningSettings, maxRuntimeInSeconds: number): JsonObject {
  const { warmStart } = tuning;
  return {
    HyperParameterTuningJobConfig: configuration(tuning, maxRuntimeInSeconds),
    ...(warmStart !== undefined && {
      WarmStartConfig: {
        ParentHyperParameterTuningJobs: warmStart.parents.map((HyperParameterTuningJobName) => ({
          HyperParameterTuningJobName,
        })),
        WarmStartType: warmStart.kind === "identical" ? "IdenticalDataAndAlgorithm" : "TransferLearning",
      },
    }),
  };
}

const strategies = { random: "Random", grid: "Grid", bayesian: "Bayesian", hyperband: "Hyperband" } as const;

function configuration(tuning: TuningSettings, maxRuntimeInSeconds: number): JsonObject {
  const { strategy, objective, maxJobs, maxParallelJobs, earlyStopping, completion, seed } = tuning;
  return {
    Strategy: strategies[strategy],
    ...hyperbandConfiguration(tuning),
    HyperParameterTuningJobObjective: {
      Type: objective.goal === "maximize" ? "Maximize" : "Minimize",
      MetricName: objective.metric,
    },
    ResourceLimits: {
      // The deployed numbers hold whatever the variable says; the estimate of costs reads them here.
      MaxNumberOfTrainingJobs: jsonata`$min([${maxJobs}, $tuning.jobs])`,
      MaxParallelTrainingJobs: jsonata`$min([${maxParallelJobs}, $tuning.jobs])`,
      MaxRuntimeInSeconds: maxRuntimeInSeconds,
    },
    ParameterRanges: jsonata`$tuning.ranges`,
    TrainingJobEarlyStoppingType: earlyStopping ? "Auto" : "Off",
    ...completionCriteria(completion),
    ...(seed !== undefined && { RandomSeed: seed }),
  };
}

function hyperbandConfiguration({ strategy, hyperband }: TuningSettings): JsonObject {
  if (strategy !== "hyperband" || hyperband === undefined) return {};
  const { minResource, maxResource } = hyperband;
  return {
    StrategyConfig: {
      HyperbandStrategyConfig: {
        ...(minResource !== undefined && { MinResource: minResource }),
        ...(maxResource !== undefined && { MaxResource: maxResource }),
      },
    },
  };
}

function completionCriteria({ targetValue, notImprovingJobs, convergence }: TuningCompletion): JsonObject {
  const criteria: JsonObject = {
    ...(targetValue !== undefined && { TargetObjectiveMetricValue: targetValue }),
    ...(notImprovingJobs !== undefined && {
      BestObjectiveNotImproving: { MaxNumberOfTrainingJobsNotImproving: notImprovingJobs },
    }),
    ...(convergence && { ConvergenceDetected: { CompleteOnConvergence: "Enabled" } }),
  };
  return Object.keys(criteria).length === 0 ? {} : { TuningJobCompletionCriteria: criteria };
}
