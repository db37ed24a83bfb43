import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import type { EndpointKind } from "../../workflow/endpoint-kinds";
import { type EndpointScope, stableEndpointName } from "../../workflow/names";
import { isMissing, UsageError } from "../terminal/errors";
import type { Environment } from "./environment";
import { requireOwnEndpoint } from "./ownership";

/** The kind of endpoint that the configuration asks for, and the names that it and the other kind serve under. */
export interface EndpointNames {
  readonly kind: EndpointKind;
  readonly wanted: string;
  readonly other: string;
}

const words: Readonly<Record<EndpointKind, string>> = { instance: "on instances", serverless: "serverless" };

export function endpointNames(scope: EndpointScope): EndpointNames {
  const kind = scope.endpoint?.kind ?? "instance";
  const other = kind === "instance" ? "serverless" : "instance";
  const named = (one: EndpointKind) => stableEndpointName({ ...scope, endpoint: { kind: one } });
  return { kind, wanted: named(kind), other: named(other) };
}

/**
 * The status of an endpoint; undefined where there is none, or it serves nobody and never will.
 *
 * @throws UsageError where it is not the workflow's
 */
export async function endpointStatus(
  { aws, baseName }: Pick<Environment, "aws" | "baseName">,
  EndpointName: string,
): Promise<string | undefined> {
  try {
    const found = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));
    await requireOwnEndpoint(aws, baseName, found);
    const { EndpointStatus } = found;
    return EndpointStatus === "Failed" || EndpointStatus === "Deleting" ? undefined : EndpointStatus;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Refuses a deploy that would change the endpoint's kind, which AWS cannot do in place: executions would make a second
 * endpoint, and the callers of the first would be left with the model that it has.
 *
 * Where both kinds serve, somebody has made the change and kept the old endpoint.
 *
 * @throws UsageError with the steps, and the command that takes them
 */
export async function refuseChangeOfKind(environment: Environment): Promise<void> {
  const { kind, wanted, other } = endpointNames(environment.workflow);
  if ((await endpointStatus(environment, other)) === undefined) return;
  if ((await endpointStatus(environment, wanted)) === "InService") return;
  const before = words[kind === "instance" ? "serverless" : "instance"];
  throw new UsageError(
    `An endpoint cannot change its kind: ${other}, ${before}, serves, and the configuration asks for one ${words[kind]}. Nothing was touched. What it takes:
  1. deploy, and put the version that serves in service under the new name ${wanted}
  2. switch the callers of ${other} to ${wanted}
  3. delete ${other}
npm run change-kind -- ${environment.name} does 1 and, once you have done 2, 3. Or set the endpoint's kind back in config.ts`,
  );
}
