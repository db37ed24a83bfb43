import { arn, integration } from "../arns";
import { jsonata } from "../asl/jsonata";
import { lambdaRetry } from "../asl/retries";
import { otherwise } from "../asl/states";
import { catchAll } from "../failures";
import { allow } from "../iam";
import { smokeTestFunctionName } from "../names";
import type { SmokeTest, Workflow } from "../settings";
import type { Step } from "../step";

/**
 * Asks the model that has come in service recorded examples; one that answers them wrongly is taken back.
 *
 * So is one that could not be tested: nobody knows what it answers.
 */
export function smokeTestStep(
  workflow: Workflow,
  smokeTest: SmokeTest & { readonly functionVersionArn: string },
  next: string,
): Step {
  const { settings } = workflow;
  return {
    states: {
      SmokeTest: {
        Type: "Task",
        Resource: integration(workflow.references, "lambda:invoke"),
        Arguments: {
          FunctionName: smokeTest.functionVersionArn,
          Payload: {
            EndpointName: jsonata`$endpointName`,
            // JSON is JSONata; as plain JSON, validators take a list of lists for a fault.
            Examples: jsonata`${smokeTest.examples.map((example) => ({ ...example }))}`,
            ...(smokeTest.contentType !== undefined && { ContentType: smokeTest.contentType }),
          },
        },
        Assign: { smokeTest: jsonata`$states.result.Payload` },
        TimeoutSeconds: 420,
        Retry: lambdaRetry,
        Catch: [catchAll("SmokeTest", "RollBack")],
        Next: "SmokeTestPassed",
      },
      SmokeTestPassed: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata`$smokeTest.Passed = true`, Next: next },
          otherwise(
            {
              failure: jsonata`{"state": "SmokeTest", "reason": $join($smokeTest.Failures, "; ")}`,
            },
            "RollBack",
          ),
        ],
      },
    },
    policyStatements: [
      allow(
        ["lambda:InvokeFunction"],
        [arn(workflow.references, "lambda", `function:${smokeTestFunctionName(settings)}:*`)],
      ),
    ],
  };
}
