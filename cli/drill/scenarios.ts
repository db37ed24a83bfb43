/** What can happen without any fault of a call, or with an answer that a release must understand; and how it must end. */

import type { JsonObject } from "../../workflow/asl/jsonata";
import type { FailureName } from "../../workflow/failures";
import {
  type Answer,
  type Answers,
  earlierResult,
  endpoint,
  evaluation,
  listed,
  modelPackage,
  newConfig,
  oldConfig,
  rawData,
  returns,
  type Thrown,
  verdict,
} from "./answers";

/** How an execution must end: with a named failure, or not in one. */
export type End = FailureName | "success" | "warning" | "States.DataLimitExceeded";

/** One way through a definition; it is for the definitions that have all states in `answers` and `needs`. */
export interface Scenario {
  readonly name: string;
  readonly answers: Answers;
  /** What other calls answer while one of them keeps being refused, because nothing changes then. */
  readonly whileRefused?: Answers;
  /** The input, for the workflow of this name. */
  readonly input?: (base: string) => JsonObject;
  readonly needs?: readonly string[];
  /** States that the definition must not have. */
  readonly without?: readonly string[];
  readonly end: End;
}

export const notFound: Thrown = {
  error: "SageMaker.SageMakerException",
  cause: 'Could not find endpoint "drill". (Service: SageMaker, Status Code: 400, Request ID: r)',
};
const hidden: Thrown = {
  error: "SageMaker.SageMakerException",
  cause:
    "User is not authorized to perform: sagemaker:DescribeEndpoint (Service: SageMaker, Status Code: 400)",
};

function refuses(message: string, calls: number, ...then: readonly Answer[]): Answer[] {
  const cause = `${message} (Service: AmazonSageMaker; Status Code: 400; Error Code: ValidationException)`;
  return [...Array(calls).fill({ error: "SageMaker.AmazonSageMakerException", cause }), ...then];
}

const done = returns({ EndpointArn: "arn", ModelArn: "arn:aws:sagemaker:::model/m" });
const shared = endpoint("InService", oldConfig, {
  ProductionVariants: [{ CurrentWeight: 1 }, { CurrentWeight: 1 }],
});
const refusedTest = { SmokeTest: returns({ Payload: { Passed: false, Failures: ["9 is not 1"] } }) };
const restored = returns(
  endpoint("InService", newConfig),
  endpoint("Updating", newConfig),
  endpoint("InService", oldConfig),
);
const fresh = { FindEndpoint: [notFound] };

/** The first ones come first where a fault needs a way to its state. */
export const scenarios: readonly Scenario[] = [
  { name: "as usual", answers: {}, end: "success" },
  { name: "first release", answers: fresh, end: "success" },
  {
    name: "trained once",
    answers: {},
    input: () => ({ Tuning: false }),
    needs: ["TrainOrTune"],
    end: "success",
  },
  ...unchanged(),
  ...input(),
  ...models(),
  ...packages(),
  ...deployments(),
  ...reused(),
  ...rollbacks(),
  ...monitored(),
  ...retrained(),
];

function monitored(): Scenario[] {
  const input = (name: string, given: JsonObject): Scenario => ({
    name,
    answers: {},
    input: () => given,
    needs: ["JudgeTraffic"],
    end: "InvalidInput",
  });
  return [
    input("unknown key in the monitor's input", { Unknown: 1 }),
    input("window that ends before it begins", {
      WindowStart: "2026-01-02T00:00:00Z",
      WindowEnd: "2026-01-01T00:00:00Z",
    }),
    {
      name: "nothing captured",
      answers: { FindFolder: returns({ KeyCount: 0 }) },
      end: "success",
    },
    {
      name: "drift",
      answers: { ReadVerdict: returns(verdict("drift", "rooms drifted")) },
      needs: ["AskForRetraining"],
      end: "success",
    },
    {
      name: "no model in service",
      answers: { FindChampion: [notFound] },
      needs: ["JudgeTraffic"],
      end: "NothingToMonitor",
    },
    {
      name: "model out of service",
      answers: { FindChampion: returns(endpoint("Failed", oldConfig)) },
      needs: ["JudgeTraffic"],
      end: "NothingToMonitor",
    },
  ];
}

/** Decisions on retrainings: each "no" is a success of its own. */
function retrained(): Scenario[] {
  const executions = (name: string, ...Executions: JsonObject[]): Scenario => ({
    name,
    answers: { FindExecutions: returns({ Executions }) },
    end: "success",
  });
  const failed = ["3", "2", "1"].map((name) => listed(`retrain-after-${name}`, "FAILED"));
  return [
    executions("first retraining"),
    executions("running execution", listed("run-1", "RUNNING")),
    executions("refused retrainings", ...failed),
    {
      ...executions("retrainings that were allowed again", ...failed),
      answers: {
        FindExecutions: returns({ Executions: failed }),
        FindReset: returns({ KeyCount: 1, Contents: [{ LastModified: "2026-01-02T00:00:00.000Z" }] }),
      },
    },
    executions(
      "retraining a short while ago",
      listed("retrain-first", "SUCCEEDED", "2999-01-01T00:00:00.000Z"),
    ),
    {
      name: "changed workflow",
      answers: { ReadRevision: returns({ StateMachineArn: "arn", RevisionId: "two" }) },
      end: "success",
    },
    {
      name: "no changes",
      answers: { FindNewData: returns({ KeyCount: 0, IsTruncated: false }) },
      end: "success",
    },
    {
      name: "new data on the second page",
      answers: {
        FindNewData: returns(rawData("2025-01-01T00:00:00.000Z", true), rawData("2026-02-01T00:00:00.000Z")),
      },
      end: "success",
    },
    {
      name: "another reason was first",
      answers: { StartRetraining: [{ error: "Sfn.ExecutionAlreadyExistsException", cause: "exists" }] },
      end: "success",
    },
    {
      name: "retraining without a reason",
      answers: {},
      input: () => ({ Reason: {} }),
      needs: ["RetrainingDecided"],
      end: "InvalidInput",
    },
  ];
}

/** Results of earlier jobs, and none that may be recorded. */
function unchanged(): Scenario[] {
  return [
    {
      name: "nothing has changed",
      answers: {
        FindEarlierProcessing: earlierResult("prep-0"),
        FindEarlierTraining: earlierResult("train-0"),
      },
      without: ["TrainOrTune"],
      end: "success",
    },
    {
      name: "nothing has changed, tuned",
      answers: {
        FindEarlierProcessing: earlierResult("prep-0"),
        FindEarlierTuning: earlierResult("tune-0-001", {
          TuningJobName: "tune-0",
          HyperParameters: { depth: "3" },
        }),
      },
      end: "success",
    },
    {
      name: "nothing has changed, trained once",
      answers: { FindEarlierTraining: earlierResult("train-0") },
      input: () => ({ Tuning: false }),
      needs: ["TrainOrTune"],
      end: "success",
    },
    {
      name: "data that changed meanwhile",
      answers: { RecordTraining: returns({ Payload: { Recorded: false, Reason: "changed" } }) },
      end: "success",
    },
  ];
}

function input(): Scenario[] {
  return [
    {
      name: "unknown key in the input",
      answers: {},
      input: () => ({ Unknown: 1 }),
      needs: ["ReadInput"],
      end: "InvalidInput",
    },
    {
      name: "from the training",
      answers: {},
      input: (base) => ({ From: { State: "ModelTraining", ProcessingJobName: `${base}-prep-1` } }),
      needs: ["ChooseStage"],
      end: "success",
    },
    {
      name: "from the evaluation",
      answers: {},
      input: (base) => ({
        From: {
          State: "ModelEvaluation",
          ProcessingJobName: `${base}-prep-1`,
          TrainingJobName: `${base}-train-1`,
        },
      }),
      needs: ["ChooseStage"],
      end: "success",
    },
    { name: "no data", answers: { FindData: returns({ KeyCount: 0 }) }, end: "InvalidInput" },
    {
      name: "A/B test at the start",
      answers: { FindExperiment: returns(shared) },
      end: "ExperimentRunning",
    },
    {
      name: "A/B test that began meanwhile",
      answers: { FindEndpoint: returns(shared) },
      end: "ExperimentRunning",
    },
  ];
}

function models(): Scenario[] {
  return [
    {
      name: "bad model",
      answers: { ModelEvaluation: returns({ Payload: evaluation(false) }) },
      end: "ModelPerformanceInsufficient",
    },
    {
      name: "no champion",
      answers: { FindChampion: [notFound] },
      needs: ["ModelComparison"],
      end: "success",
    },
    {
      name: "champion out of service",
      answers: { FindChampion: returns(endpoint("Failed", oldConfig)) },
      needs: ["ModelComparison"],
      end: "success",
    },
    {
      name: "unregistered champion",
      answers: {
        ReadChampionModel: returns({ PrimaryContainer: { ModelDataUrl: "s3://drill-bucket/m.tar.gz" } }),
      },
      end: "success",
    },
    {
      name: "no best training job",
      answers: {
        ModelTuning: returns({
          HyperParameterTuningJobName: "t",
          HyperParameterTuningJobStatus: "Completed",
        }),
      },
      end: "TuningJobFailed",
    },
    {
      name: "tuning stopped after it found a model",
      answers: {
        ModelTuning: [
          {
            error: "States.TaskFailed",
            cause: JSON.stringify({
              HyperParameterTuningJobName: "t",
              HyperParameterTuningJobStatus: "Stopped",
              BestTrainingJob: { TrainingJobName: "train-1" },
            }),
          },
        ],
      },
      end: "success",
    },
  ];
}

function packages(): Scenario[] {
  const unusable = (name: string, ReadPackage: readonly Answer[]): Scenario => ({
    name,
    answers: { ReadPackage },
    end: "PackageUnusable",
  });
  const pending = modelPackage({ ModelPackageStatus: "Pending" });
  return [
    {
      name: "slow registration",
      answers: {
        ReadPackage: returns(pending, modelPackage({ ModelPackageStatus: "InProgress" }), modelPackage()),
      },
      end: "success",
    },
    unusable("registration without end", returns(pending)),
    unusable("rejected version", returns(modelPackage({ ModelApprovalStatus: "Rejected" }))),
    unusable("version without metrics", returns(modelPackage({ ModelMetrics: {} }))),
    unusable("version without SHA-256", returns(modelPackage({ CustomerMetadataProperties: {} }))),
    {
      name: "version of somebody else",
      answers: {},
      input: () => ({ ModelPackageArn: "arn:aws:sagemaker:us-east-1:123456789012:model-package/other/1" }),
      without: ["RegisterModel"],
      end: "InvalidInput",
    },
    { name: "lost artifact", answers: { FindArtifact: returns({ KeyCount: 0 }) }, end: "PackageUnusable" },
    {
      name: "changed artifact",
      answers: { ReadFile: returns({ ChecksumSHA256: "another" }) },
      end: "PackageUnusable",
    },
  ];
}

function deployments(): Scenario[] {
  const failed = returns(endpoint("Failed", oldConfig), endpoint("Deleting", oldConfig));
  const update = (name: string, UpdateEndpoint: readonly Answer[], end: End): Scenario => ({
    name,
    answers: { UpdateEndpoint },
    end,
  });
  const check = (name: string, last: JsonObject, end: End): Scenario => ({
    name,
    answers: { CheckEndpoint: returns(endpoint("Updating", oldConfig), last) },
    end,
  });
  const find = (name: string, FindEndpoint: readonly Answer[], end: End): Scenario => ({
    name,
    answers: { FindEndpoint },
    end,
  });
  return [
    {
      name: "failed endpoint",
      answers: { FindEndpoint: [...failed, notFound] },
      whileRefused: { FindEndpoint: returns(endpoint("Failed", oldConfig)) },
      end: "success",
    },
    find("endpoint that stays failed", returns(endpoint("Failed", oldConfig)), "DeploymentFailed"),
    find(
      "busy endpoint",
      returns(endpoint("Updating", oldConfig), endpoint("InService", oldConfig)),
      "success",
    ),
    find("endpoint busy for hours", returns(endpoint("SystemUpdating", oldConfig)), "DeploymentFailed"),
    find("hidden endpoint", [hidden], "DeploymentFailed"),
    {
      name: "endpoint of another workflow",
      answers: { ReadEndpointTags: returns({ Tags: [{ Key: "workflow", Value: "other" }] }) },
      end: "DeploymentFailed",
    },
    {
      name: "endpoint without tags",
      answers: { ReadEndpointTags: returns({ Tags: [] }) },
      end: "DeploymentFailed",
    },
    update("another deployment", refuses("Cannot update in-progress endpoint", 3, ...done), "success"),
    update(
      "endpoint deleted meanwhile",
      refuses("User is not authorized to perform: sagemaker:UpdateEndpoint", 3, ...done),
      "success",
    ),
    update("refused deployment", refuses("The instance type is not available", 3), "DeploymentFailed"),
    check("replaced by another release", endpoint("InService", "other-config"), "success"),
    check(
      "being replaced by another release",
      endpoint("Updating", oldConfig, { PendingDeploymentSummary: { EndpointConfigName: "other-config" } }),
      "success",
    ),
    check("rolled back by an alarm", endpoint("InService", oldConfig), "RolledBack"),
    check(
      "failed deployment",
      endpoint("Failed", newConfig, { FailureReason: "no capacity" }),
      "DeploymentFailed",
    ),
    check("deployment without end", endpoint("Updating", oldConfig), "DeploymentFailed"),
  ];
}

/** A version that was released before. */
function reused(): Scenario[] {
  const needs = ["ModelRefused", "ConfigRefused"];
  const taken = refuses("Cannot create already existing model", 1);
  return [
    {
      name: "already in service",
      answers: { FindEndpoint: returns(endpoint("InService", newConfig)) },
      needs,
      end: "success",
    },
    { name: "model exists", answers: { CreateModel: taken }, needs, end: "success" },
    {
      name: "configuration exists",
      answers: {
        CreateEndpointConfig: taken,
        CheckEndpoint: returns(
          endpoint("Updating", oldConfig, {
            PendingDeploymentSummary: { EndpointConfigName: "other-config" },
          }),
        ),
      },
      needs,
      end: "success",
    },
  ];
}

function rollbacks(): Scenario[] {
  const serving = endpoint("InService", newConfig);
  const after = (name: string, CheckRollback: readonly Answer[], end: End, more: Answers = {}): Scenario => ({
    name: `bad predictions, ${name}`,
    answers: { ...refusedTest, ...more, CheckRollback },
    whileRefused: { CheckRollback: returns(serving) },
    needs: ["SmokeTest"],
    end,
  });
  return [
    after("in a later release", restored, "RolledBack"),
    after(
      "in the first release",
      [...returns(serving, endpoint("Deleting", newConfig)), notFound],
      "RolledBack",
      fresh,
    ),
    after(
      "and the endpoint fails",
      [
        ...returns(endpoint("Failed", newConfig)),
        ...returns(serving),
        ...returns(endpoint("InService", oldConfig)),
      ],
      "RolledBack",
    ),
    after("and the model stays", returns(serving), "RollbackFailed"),
    after("and the endpoint stays busy", returns(endpoint("Updating", newConfig)), "RollbackFailed"),
  ];
}
