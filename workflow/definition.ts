import { checkDefinition } from "./asl/checks";
import { longestDeploymentSeconds } from "./asl/retries";
import type { State, StateMachineDefinition } from "./asl/states";
import type { PolicyStatement } from "./iam";
import { checkNameScope } from "./names";
import type { RetrainingSettings } from "./retraining/retraining";
import type { MonitorSettings, Workflow } from "./settings";
import { stageChoice } from "./stages";
import type { Step } from "./step";
import { autoscalingStep } from "./steps/autoscaling";
import { beginningOf } from "./steps/cache";
import { championStep } from "./steps/champion";
import { comparisonStep } from "./steps/comparison";
import { endpointStep } from "./steps/endpoint";
import { endpointConfigStep } from "./steps/endpoint-config";
import { evaluationStep } from "./steps/evaluation";
import { inputStep } from "./steps/input";
import { longestJobSeconds } from "./steps/job";
import { keepModelStep } from "./steps/keep-model";
import { modelStep } from "./steps/model";
import { monitorInputStep } from "./steps/monitor-input";
import { findCapturedStep, monitoredModelStep, monitorJobStep } from "./steps/monitor-job";
import { monitorVerdictStep } from "./steps/monitor-verdict";
import { packageStep } from "./steps/package";
import { pinCodeStep } from "./steps/pin-code";
import { preprocessingStep } from "./steps/preprocessing";
import { registrationStep } from "./steps/registration";
import { releaseInputStep } from "./steps/release-input";
import { namesOfExecution, namesOfVersion, type ReleaseNames } from "./steps/release-names";
import { retentionStep } from "./steps/release-retention";
import { approvalReportStep, releaseReportStep, reportStep } from "./steps/report";
import { changesStep, mayRetrainStep, startRetrainingStep } from "./steps/retrain-decision";
import { retrainInputStep } from "./steps/retrain-input";
import { retrainRecordStep } from "./steps/retrain-record";
import { rollbackStep } from "./steps/rollback";
import { runningExperimentStep } from "./steps/running-experiment";
import { smokeTestStep } from "./steps/smoke-test";
import { stageStep } from "./steps/stage";
import { trainingStep } from "./steps/training";
import { tuningStep } from "./steps/tuning";

const longestReleaseSeconds = longestDeploymentSeconds + 3600;

/** A state machine, and the permissions that its states need. */
export interface WorkflowDefinition {
  readonly definition: StateMachineDefinition;
  readonly policyStatements: readonly PolicyStatement[];
}

/**
 * The workflow, from raw data to an endpoint in service.
 *
 * @throws Error with all problems if a name or the definition is invalid
 */
export function workflowDefinition(workflow: Workflow): WorkflowDefinition {
  checkNameScope(workflow.settings);
  return compose("Processes data, trains, evaluates and deploys a model", workflow.settings.timeoutSeconds, [
    ...(releasesToInstances(workflow)
      ? [inputStep(workflow, "FindExperiment"), runningExperimentStep(workflow, "PinCode")]
      : [inputStep(workflow, "PinCode")]),
    pinCodeStep(workflow, stageChoice),
    stageStep(workflow, beginningOf(workflow, "prep"), trainingStart(workflow)),
    ...training(workflow, "KeepModel"),
    ...(workflow.settings.comparison === undefined
      ? [keepModelStep(workflow, "ModelEvaluation")]
      : [
          keepModelStep(workflow, "FindChampion"),
          championStep(workflow, "ModelComparison"),
          comparisonStep(workflow, workflow.settings.comparison, "ModelEvaluation"),
        ]),
    evaluationStep(workflow, "RegisterModel"),
    ...(workflow.settings.approval === "automatic"
      ? [
          registrationStep(workflow, "ReadPackage"),
          ...release(workflow, namesOfExecution(workflow), "MLPipelineComplete"),
          reportStep(workflow),
        ]
      : [registrationStep(workflow, "WaitingForApproval"), approvalReportStep(workflow)]),
  ]);
}

/**
 * The release of an approved model package version to the endpoint.
 *
 * @throws Error if the definition is invalid
 */
export function releaseDefinition(workflow: Workflow): WorkflowDefinition {
  return compose("Releases an approved model package version", longestReleaseSeconds, [
    releaseInputStep(workflow, "ReadPackage"),
    ...release(workflow, namesOfVersion(workflow), "ReleaseComplete"),
    releaseReportStep(),
  ]);
}

/**
 * The monitor, which judges what the endpoint has captured in a window.
 *
 * @throws Error if the definition is invalid
 */
export function monitorDefinition(workflow: Workflow, monitor: MonitorSettings): WorkflowDefinition {
  return compose(
    "Judges the captured traffic of the endpoint",
    longestJobSeconds(monitor.maxRuntimeInSeconds, monitor.waitForCapacityInSeconds) + 3600,
    [
      monitorInputStep(workflow, monitor, "PinCode"),
      pinCodeStep(workflow, "FindChampion", [monitor.codeKey]),
      monitoredModelStep(workflow, "ModelServes"),
      findCapturedStep(workflow, monitor, "JudgeTraffic"),
      monitorJobStep(workflow, monitor, "ReadVerdict"),
      monitorVerdictStep(workflow),
    ],
  );
}

/**
 * The decision on a retraining: every reason for one asks it.
 *
 * @throws Error if the definition is invalid
 */
export function retrainDefinition(workflow: Workflow, retraining: RetrainingSettings): WorkflowDefinition {
  return compose("Decides on a retraining, and starts it", 3600, [
    retrainInputStep("FindExecutions"),
    mayRetrainStep(workflow, retraining, {
      refused: "KeepDecision",
      changes: "ReadLastRevision",
      start: "StartRetraining",
    }),
    changesStep(workflow, { none: "KeepDecision", start: "StartRetraining" }),
    startRetrainingStep(workflow, "KeepDecision"),
    retrainRecordStep(workflow),
  ]);
}

/** The steps from raw data to a trained model: one training job or, with a tuning, the best of many. */
function training(workflow: Workflow, next: string): Step[] {
  const { tuning } = workflow.settings;
  return [
    preprocessingStep(workflow, trainingStart(workflow)),
    ...(tuning === undefined ? [] : [tuningStep(workflow, tuning, next)]),
    trainingStep(workflow, next),
  ];
}

/** The state with which the training begins. */
function trainingStart(workflow: Workflow): string {
  return workflow.settings.tuning === undefined ? beginningOf(workflow, "train") : "TrainOrTune";
}

/** Whether an execution deploys to an endpoint that may have several variants; a serverless one cannot. */
function releasesToInstances({ settings: { approval, endpoint } }: Workflow): boolean {
  return approval === "automatic" && endpoint.kind === "instance";
}

/** The steps from a registered version to a tested model in service. */
function release(workflow: Workflow, names: ReleaseNames, next: string): Step[] {
  const { endpoint } = workflow.settings;
  const smokeTest = deployedSmokeTest(workflow);
  const scaling =
    endpoint.kind === "instance" && endpoint.autoscaling !== undefined
      ? autoscalingStep(workflow, endpoint, endpoint.autoscaling, "FindEndpoints")
      : undefined;
  const tested = scaling === undefined ? "FindEndpoints" : "RegisterScalableTarget";
  return [
    packageStep(workflow, "CreateModel"),
    modelStep(workflow, names, "CreateEndpointConfig"),
    endpointConfigStep(workflow, names, "FindEndpoint"),
    endpointStep(workflow, names, {
      served: smokeTest === undefined ? tested : "SmokeTest",
      nothingToTest: tested,
    }),
    ...(smokeTest === undefined ? [] : [smokeTestStep(workflow, smokeTest, tested)]),
    rollbackStep(workflow),
    ...(scaling === undefined ? [] : [scaling]),
    retentionStep(workflow, next),
  ];
}

/** The smoke test and its function; undefined if there is none. */
function deployedSmokeTest({ settings: { smokeTest }, references }: Workflow) {
  if (smokeTest === undefined) return undefined;
  const { smokeTestFunctionVersionArn: functionVersionArn } = references;
  if (functionVersionArn === undefined) {
    throw new Error("smokeTest needs a function: set smokeTestFunctionVersionArn to its version's ARN");
  }
  return { ...smokeTest, functionVersionArn };
}

/** Combines steps into one state machine that starts with the first step's first state. */
export function compose(comment: string, timeoutSeconds: number, steps: readonly Step[]): WorkflowDefinition {
  const States: Record<string, State> = {};
  for (const [name, state] of steps.flatMap((step) => Object.entries(step.states))) {
    if (name in States) throw new Error(`Names of states must be unique, got ${name} twice`);
    States[name] = state;
  }
  const definition: StateMachineDefinition = {
    Comment: comment,
    QueryLanguage: "JSONata",
    TimeoutSeconds: timeoutSeconds,
    StartAt: Object.keys(States)[0] ?? "",
    States,
  };
  const problems = checkDefinition(definition);
  if (problems.length > 0) throw new Error(`The state machine is invalid:\n- ${problems.join("\n- ")}`);
  return { definition, policyStatements: steps.flatMap((step) => step.policyStatements) };
}
