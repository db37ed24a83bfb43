/** ARN patterns of the workflow's SageMaker resources, for the statements of its steps. */

import { arn } from "../arns";
import { baseName, stableEndpointName } from "../names";
import type { Workflow } from "../settings";

/** Models of releases. */
export function modelArn(workflow: Workflow): string {
  return ofWorkflow(workflow, "model/", "-model-*");
}

/** Versions of the workflow's model package group. */
export function packageArn(workflow: Workflow): string {
  return ofWorkflow(workflow, "model-package/", "/*");
}

/** Endpoint configurations of releases. */
export function configArn(workflow: Workflow): string {
  return ofWorkflow(workflow, "endpoint-config/", "-config-*");
}

/** The endpoint with the stable name, and those that an execution's input names. */
export function endpointArns({ settings, references }: Workflow): string[] {
  const stable = stableEndpointName(settings);
  return [stable, `${stable}-*`].map((name) => arn(references, "sagemaker", `endpoint/${name}`));
}

function ofWorkflow({ settings, references }: Workflow, start: string, end: string): string {
  return arn(references, "sagemaker", `${start}${baseName(settings)}${end}`);
}
