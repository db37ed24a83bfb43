import { randomUUID } from "node:crypto";
import { InvokeEndpointCommand, ModelError } from "@aws-sdk/client-sagemaker-runtime";
import { z } from "zod";
import { testRun } from "../../configuration";
import { testIdPrefix } from "../../workflow/endpoint/capture";
import type { WorkflowProps } from "../../workflow/props";
import type { Aws } from "../account/clients";
import type { Environment } from "../account/environment";
import { FailedError } from "../terminal/errors";
import type { ProgressTask } from "../terminal/progress";
import { adviceOn, plainText } from "./advice";
import { endpointLogLines, logText } from "./end-of-log";
import type { ExecutionResult } from "./execution";
import { executionOutput } from "./report";
import { placeInScript } from "./script-error";

const answerSchema = z.looseObject({ predictions: z.array(z.unknown()) });

/**
 * Requests predictions from an endpoint.
 *
 * @param workflow to find the line of its script that failed
 * @throws FailedError if it does not return one prediction for each instance
 */
export async function testEndpoint(
  aws: Aws,
  endpointName: string,
  instances: readonly unknown[],
  workflow?: WorkflowProps,
): Promise<readonly unknown[]> {
  const begun = new Date();
  let text: string;
  try {
    const { Body } = await aws.runtime().send(
      new InvokeEndpointCommand({
        EndpointName: endpointName,
        ContentType: "application/json",
        Accept: "application/json",
        Body: JSON.stringify({ instances }),
        InferenceId: `${testIdPrefix}${randomUUID()}`,
      }),
    );
    text = Body?.transformToString() ?? "";
  } catch (error) {
    const log = await endpointLogLines(aws, endpointName, begun);
    const advice = adviceOn(log);
    const place = placeInScript(log, workflow, "inference");
    const lines = [
      ...(place === undefined ? [] : [place]),
      `The endpoint ${endpointName} did not respond: ${reasonOf(error)}`,
      ...(advice === undefined ? [] : [`  advice: ${advice}`]),
      ...logText("endpoint", log),
    ];
    throw new FailedError(lines.join("\n"), { cause: error });
  }
  const answer = answerSchema.safeParse(parseJson(text));
  if (!answer.success || answer.data.predictions.length !== instances.length) {
    throw new FailedError(
      `The endpoint ${endpointName} must return ${instances.length} predictions, got ${text.slice(0, 500)}`,
    );
  }
  return answer.data.predictions;
}

/** Tests the endpoint that an execution released; a version that waits for approval has none yet. */
export async function testReleased(
  { aws, workflow }: Pick<Environment, "aws" | "workflow">,
  result: ExecutionResult,
  task: ProgressTask,
): Promise<readonly unknown[] | undefined> {
  const { EndpointName } = executionOutput(result);
  if (EndpointName === undefined) {
    task.skip("Endpoint test: the version waits for approval, so nothing was requested");
    return undefined;
  }
  return await testEndpoint(aws, EndpointName, testRun.instances, workflow);
}

/** What the container answered, without the page of HTML that it may have put round it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ModelError)) return (error as Error).message;
  const { OriginalStatusCode, OriginalMessage = "" } = error;
  const text = plainText(OriginalMessage);
  return `status ${OriginalStatusCode} from the container, "${text.slice(0, 300)}"`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
