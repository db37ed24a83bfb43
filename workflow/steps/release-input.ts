import { arn } from "../arns";
import { jsonata } from "../asl/jsonata";
import { firstCheck } from "../asl/retries";
import { otherwise } from "../asl/states";
import { failState } from "../failures";
import { baseName } from "../names";
import type { Workflow } from "../settings";
import type { Step } from "../step";

/** Checks the input of a release: `{"ModelPackageArn": …}`, a version in this workflow's group. */
export function releaseInputStep(workflow: Workflow, next: string): Step {
  const versions = arn(workflow.references, "sagemaker", `model-package/${baseName(workflow.settings)}/`);
  const given = jsonata`$states.context.Execution.Input.ModelPackageArn`;
  return {
    states: {
      CheckInput: {
        Type: "Choice",
        Choices: [
          {
            // Not by length, because the account may be a token of another length during synthesis.
            Condition: jsonata`$type(${given}) = "string" ? ${given} != "" and $substringBefore(${given}, ${versions}) = "" : false`,
            Assign: { modelPackageArn: given, looks: 0, ...firstCheck },
            Next: next,
          },
          otherwise(
            {
              failure: {
                state: "CheckInput",
                reason: `ModelPackageArn must be the ARN of a version, beginning with ${versions}`,
              },
            },
            "InvalidInput",
          ),
        ],
      },
      InvalidInput: failState("InvalidInput"),
    },
    policyStatements: [],
  };
}
