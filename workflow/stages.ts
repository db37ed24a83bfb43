/**
 * Where an execution may start other than at its beginning, with the results of an earlier one.
 *
 * An input names the earlier jobs only: the addresses of their results follow, and the gate decides again. A start after
 * the gate would register a model with metrics that the input has made up.
 */

interface Stage {
  /** The state to go on with. */
  readonly enters: string;
  /** The jobs whose results it needs, by the key that names them. */
  readonly needs: readonly EarlierJobKey[];
  /** Keys of the input that have no effect. */
  readonly ignores: readonly string[];
}

/** The jobs of an earlier execution, by the key that names them, and the kinds that each may have. */
export const earlierJobs = {
  ProcessingJobName: ["prep"],
  // A tuning job starts training jobs whose names begin with its own.
  TrainingJobName: ["train", "tune"],
} as const;

export type EarlierJobKey = keyof typeof earlierJobs;

/** The stages, in the order in which they run. */
export const stages = {
  ModelTraining: {
    // With a tuning, the choice before it; with a cache, the question for an earlier result.
    enters: "ModelTraining",
    needs: ["ProcessingJobName"],
    ignores: ["PreprocessingJobName", "DataPrefix"],
  },
  ModelEvaluation: {
    // Evaluated, compared and registered is a copy of the model, which each execution makes for itself.
    enters: "KeepModel",
    needs: ["ProcessingJobName", "TrainingJobName"],
    ignores: ["PreprocessingJobName", "DataPrefix", "TrainingJobName", "HyperParameters", "Tuning"],
  },
} as const satisfies Readonly<Record<string, Stage>>;

export type StageName = keyof typeof stages;

export const stageNames = Object.keys(stages) as StageName[];

/** The key `From` of an execution input. */
export interface From {
  readonly State: StageName;
  readonly ProcessingJobName: string;
  readonly TrainingJobName?: string;
}

/** The state that chooses where an execution starts. */
export const stageChoice = "ChooseStage";
