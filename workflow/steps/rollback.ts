import { integration } from "../arns";
import { type Jsonata, jsonata } from "../asl/jsonata";
import { firstCheck, growingWait, maxChecks, sageMakerRetry } from "../asl/retries";
import type { Catcher, ChoiceRule, ChoiceState, PassState, State, TaskState } from "../asl/states";
import { caughtCause, failState } from "../failures";
import { allow } from "../iam";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { busyStates, describedEndpoint } from "./endpoint-description";
import { changeOwnEndpoints } from "./endpoint-owner";
import { configArn, endpointArns } from "./resource-arns";

const maxRollbacks = 3;

/** JSONata: the details of both failures. */
const details = jsonata`$merge([$failure, {
  "endpoint": $endpointName,
  "rejectedConfigName": $endpointConfigName,
  "servingConfigName": $endpoint.configName
}])`;

/**
 * Rolls back a model that has failed, and ends in an error.
 *
 * It restores the previous configuration at once, because that one is tested, or deletes the endpoint if there was none.
 * If another release has replaced the model in the meantime, that one stays.
 */
export function rollbackStep(workflow: Workflow): Step {
  const ends = { RolledBack: failState("RolledBack", details) };
  // Alarms need none of the states, because SageMaker itself has rolled back then.
  if (workflow.settings.smokeTest === undefined) return { states: ends, policyStatements: [] };
  return {
    states: { ...rollbackStates(workflow), ...ends, RollbackFailed: rollbackFailed() },
    policyStatements: [
      allow(["sagemaker:DescribeEndpoint"], endpointArns(workflow)),
      changeOwnEndpoints(workflow, ["sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"]),
      allow(["sagemaker:UpdateEndpoint"], [configArn(workflow)]),
    ],
  };
}

function rollbackStates(workflow: Workflow): Record<string, State> {
  return {
    RollBack: rollBack,
    CheckRollback: checkRollback(workflow),
    ChooseRollback: chooseRollback,
    RestoreEndpoint: restoreEndpoint(workflow),
    RemoveEndpoint: removeEndpoint(workflow),
    WaitForRollback: growingWait("CheckRollback"),
  };
}

const rollBack: PassState = {
  Type: "Pass",
  Assign: { rollbacks: 0, ...firstCheck, rollbackRefused: "none" },
  Next: "CheckRollback",
};

function checkRollback(workflow: Workflow): TaskState {
  return sdkTask(workflow, "sagemaker", "describeEndpoint", {
    Arguments: { EndpointName: jsonata`$endpointName` },
    Assign: { endpoint: describedEndpoint },
    // A missing endpoint is checked again.
    Retry: undefined,
    Catch: [
      {
        ErrorEquals: ["States.ALL"],
        Assign: {
          endpoint: jsonata`{
            "status": $contains($states.errorOutput.Cause, "Could not find") ? "Absent" : "Unknown",
            "configName": "none"
          }`,
          rollbackRefused: caughtCause,
        },
        Next: "ChooseRollback",
      },
    ],
    Next: "ChooseRollback",
  });
}

const chooseRollback: ChoiceState = {
  Type: "Choice",
  Choices: [
    {
      Condition: jsonata`
        ($endpoint.status = "InService" and $endpoint.configName != $endpointConfigName)
          or ($endpoint.status = "Absent" and $replacedConfigName = "none")`,
      Next: "RolledBack",
    },
    {
      Condition: jsonata`$endpoint.status in ${busyStates} and $checks < ${maxChecks}`,
      Next: "WaitForRollback",
    },
    attempt(
      jsonata`$endpoint.status = "InService" and $rollbacks < ${maxRollbacks} and $replacedConfigName != "none"`,
      "RestoreEndpoint",
    ),
    attempt(
      jsonata`$endpoint.status in ["InService", "Failed"] and $rollbacks < ${maxRollbacks}`,
      "RemoveEndpoint",
    ),
  ],
  Default: "RollbackFailed",
};

function attempt(Condition: Jsonata, Next: string): ChoiceRule {
  return { Condition, Assign: { rollbacks: jsonata`$rollbacks + 1` }, Next };
}

/** The next check detects whether another release was faster. */
const refused: Catcher = {
  ErrorEquals: ["States.ALL"],
  Assign: { rollbackRefused: caughtCause },
  Next: "WaitForRollback",
};

function restoreEndpoint(workflow: Workflow): TaskState {
  return {
    Type: "Task",
    Resource: integration(workflow.references, "sagemaker:updateEndpoint"),
    Arguments: {
      EndpointName: jsonata`$endpointName`,
      EndpointConfigName: jsonata`$replacedConfigName`,
    },
    TimeoutSeconds: 300,
    Retry: sageMakerRetry,
    Catch: [refused],
    Next: "WaitForRollback",
  };
}

function removeEndpoint(workflow: Workflow): TaskState {
  return sdkTask(workflow, "sagemaker", "deleteEndpoint", {
    Comment: "There was no previous model.",
    Arguments: { EndpointName: jsonata`$endpointName` },
    Catch: [refused],
    Next: "WaitForRollback",
  });
}

function rollbackFailed() {
  const refusal = jsonata`($rollbackRefused = "none" ? "" : ": " & $rollbackRefused)`;
  return failState(
    "RollbackFailed",
    jsonata`$merge([${details}, {"rollback": "The endpoint is " & $endpoint.status & ${refusal}}])`,
  );
}
