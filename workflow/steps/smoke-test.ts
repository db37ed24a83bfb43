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
 * Sends recorded examples to the model in service, and rolls it back if its predictions are wrong.
 *
 * A model that cannot be tested is also rolled back.
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
            // As JSONata, because validators refuse a list of lists in plain JSON.
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
