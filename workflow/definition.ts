import type { State, StateMachineDefinition } from "./asl";
import { checkDefinition } from "./checks";
import type { PolicyStatement } from "./iam";
import { checkNameScope } from "./names";
import type { Workflow } from "./settings";
import type { Step } from "./step";
import { endpointStep } from "./steps/endpoint";
import { evaluationStep } from "./steps/evaluation";
import { inputStep } from "./steps/input";
import { modelStep } from "./steps/model";
import { pinCodeStep } from "./steps/pin-code";
import { preprocessingStep } from "./steps/preprocessing";
import { reportStep } from "./steps/report";
import { trainingStep } from "./steps/training";

/** A state machine, and the permissions that its states need. */
export interface WorkflowDefinition {
  readonly definition: StateMachineDefinition;
  readonly policyStatements: readonly PolicyStatement[];
}

/**
 * The workflow, from raw data to an endpoint in service.
 *
 * @throws Error when a name or the definition as a whole is not legal; it lists every problem
 */
export function workflowDefinition(workflow: Workflow): WorkflowDefinition {
  checkNameScope(workflow.settings);
  return compose("Processes data, trains, evaluates and deploys a model", workflow.settings.timeoutSeconds, [
    inputStep(workflow, "PinCode"),
    pinCodeStep(workflow, "DataPreprocessing"),
    preprocessingStep(workflow, "ModelTraining"),
    trainingStep(workflow, "ModelEvaluation"),
    evaluationStep(workflow, "CreateModel"),
    modelStep(workflow, "FindEndpoint"),
    endpointStep(workflow, "MLPipelineComplete"),
    reportStep(),
  ]);
}

/** Joins steps into one state machine that starts with the first step's first state. */
export function compose(comment: string, timeoutSeconds: number, steps: readonly Step[]): WorkflowDefinition {
  const States: Record<string, State> = {};
  for (const [name, state] of steps.flatMap((step) => Object.entries(step.states))) {
    if (name in States) throw new Error(`Two states are called ${name}; every state needs a name of its own`);
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
  if (problems.length > 0) throw new Error(`The state machine is not sound:\n- ${problems.join("\n- ")}`);
  return { definition, policyStatements: steps.flatMap((step) => step.policyStatements) };
}
