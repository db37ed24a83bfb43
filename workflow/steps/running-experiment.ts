import { type Jsonata, jsonata } from "../asl/jsonata";
import type { ChoiceRule } from "../asl/states";
import { allow } from "../iam";
import { endpointName } from "../names";
import type { Workflow, WorkflowSettings } from "../settings";
import { type Step, sdkTask } from "../step";
import { endpointArns } from "./resource-arns";

/** JSONata: how many production variants of a described endpoint have traffic. */
export const variantsWithTraffic = jsonata`$count($states.result.ProductionVariants[CurrentWeight > 0])`;

/**
 * Ends an execution that could not release its model before it starts a job.
 *
 * Read errors are left to the release, which reads the endpoint again.
 */
export function runningExperimentStep(workflow: Workflow, next: string): Step {
  const name = endpointName(workflow.settings);
  return {
    states: {
      FindExperiment: sdkTask(workflow, "sagemaker", "describeEndpoint", {
        Arguments: { EndpointName: name },
        Assign: { sharing: variantsWithTraffic, endpointName: name },
        Retry: undefined,
        Catch: [{ ErrorEquals: ["States.ALL"], Next: next }],
        Next: "ExperimentFound",
      }),
      ExperimentFound: {
        Type: "Choice",
        Choices: [experimentRuns(workflow.settings, "ExperimentFound", jsonata`$sharing`)],
        Default: next,
      },
    },
    policyStatements: [allow(["sagemaker:DescribeEndpoint"], endpointArns(workflow))],
  };
}

/** Transitions to `ExperimentRunning` if several variants of the endpoint `$endpointName` have traffic. */
export function experimentRuns(
  { environment }: WorkflowSettings,
  state: string,
  variants: Jsonata,
): ChoiceRule {
  const remedy = ` production variants of the endpoint have traffic: end the A/B test with npm run experiment -- ${environment} stop`;
  return {
    Condition: jsonata`${variants} > 1`,
    Assign: {
      failure: jsonata`{
        "state": ${state},
        "endpoint": $endpointName,
        "reason": $string(${variants}) & ${remedy}
      }`,
    },
    Next: "ExperimentRunning",
  };
}
