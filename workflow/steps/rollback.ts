import { integration } from "../arns";
import { sageMakerRetry } from "../asl/retries";
import { jsonata } from "../asl/states";
import { caughtCause, failState } from "../failures";
import { allow } from "../iam";
import type { Workflow } from "../settings";
import { type Step, sdkCall } from "../step";
import { busyStates, describedEndpoint, growingWait, maxChecks } from "./endpoint";
import { changeOwnEndpoints, configArn, endpointArns } from "./endpoint-owner";

const maxRollbacks = 3;

/**
 * Takes a model out of service that has failed, and says so.
 *
 * The configuration before serves again, at once: it has proved itself. Where nothing served before, nothing does now.
 * Another release that has replaced the model meanwhile is left alone.
 */
export function rollbackStep(workflow: Workflow): Step {
  const { settings } = workflow;
  const details = `$merge([$failure, {
    "endpoint": $endpointName,
    "rejectedConfigName": $endpointConfigName,
    "servingConfigName": $endpoint.configName
  }])`;
  const ends = { RolledBack: failState("RolledBack", details) };
  // Alarms need none of the states: SageMaker has gone back by itself then.
  if (settings.smokeTest === undefined) return { states: ends, policyStatements: [] };
  return {
    states: {
      RollBack: {
        Type: "Pass",
        Assign: { rollbacks: 0, pause: 1, checks: 0, rollbackRefused: "none" },
        Next: "CheckRollback",
      },
      CheckRollback: {
        Type: "Task",
        Resource: sdkCall(workflow, "sagemaker", "describeEndpoint"),
        Arguments: { EndpointName: jsonata("$endpointName") },
        Assign: { endpoint: describedEndpoint },
        TimeoutSeconds: 60,
        Catch: [
          {
            ErrorEquals: ["States.ALL"],
            Assign: {
              endpoint: jsonata(`{
                "status": $contains($states.errorOutput.Cause, "Could not find") ? "Absent" : "Unknown",
                "configName": "none"
              }`),
              rollbackRefused: jsonata(caughtCause),
            },
            Next: "ChooseRollback",
          },
        ],
        Next: "ChooseRollback",
      },
      ChooseRollback: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata(`
              ($endpoint.status = "InService" and $endpoint.configName != $endpointConfigName)
                or ($endpoint.status = "Absent" and $replacedConfigName = "none")`),
            Next: "RolledBack",
          },
          {
            Condition: jsonata(`$endpoint.status in ${busyStates} and $checks < ${maxChecks}`),
            Next: "WaitForRollback",
          },
          {
            Condition: jsonata(
              `$endpoint.status = "InService" and $rollbacks < ${maxRollbacks} and $replacedConfigName != "none"`,
            ),
            Assign: { rollbacks: jsonata("$rollbacks + 1") },
            Next: "RestoreEndpoint",
          },
          {
            Condition: jsonata(
              `$endpoint.status in ["InService", "Failed"] and $rollbacks < ${maxRollbacks}`,
            ),
            Assign: { rollbacks: jsonata("$rollbacks + 1") },
            Next: "RemoveEndpoint",
          },
        ],
        Default: "RollbackFailed",
      },
      RestoreEndpoint: {
        Type: "Task",
        Resource: integration(workflow.references, "sagemaker:updateEndpoint"),
        Arguments: {
          EndpointName: jsonata("$endpointName"),
          EndpointConfigName: jsonata("$replacedConfigName"),
        },
        TimeoutSeconds: 300,
        Retry: sageMakerRetry,
        Catch: [refused],
        Next: "WaitForRollback",
      },
      RemoveEndpoint: {
        Type: "Task",
        Comment: "Nothing served before.",
        Resource: sdkCall(workflow, "sagemaker", "deleteEndpoint"),
        Arguments: { EndpointName: jsonata("$endpointName") },
        TimeoutSeconds: 60,
        Retry: sageMakerRetry,
        Catch: [refused],
        Next: "WaitForRollback",
      },
      WaitForRollback: growingWait("CheckRollback"),
      ...ends,
      RollbackFailed: failState(
        "RollbackFailed",
        `$merge([${details}, {"rollback": "The endpoint is " & $endpoint.status & ($rollbackRefused = "none" ? "" : ": " & $rollbackRefused)}])`,
      ),
    },
    policyStatements: [
      allow(["sagemaker:DescribeEndpoint"], endpointArns(workflow)),
      changeOwnEndpoints(workflow, ["sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"]),
      allow(["sagemaker:UpdateEndpoint"], [configArn(workflow)]),
    ],
  };
}

/** The next look tells whether another release was faster. */
const refused = {
  ErrorEquals: ["States.ALL"],
  Assign: { rollbackRefused: jsonata(caughtCause) },
  Next: "WaitForRollback",
} as const;
