import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import type { EndpointKind } from "../../workflow/endpoint/kinds";
import { type EndpointScope, stableEndpointName } from "../../workflow/names";
import { isMissing, UsageError } from "../terminal/errors";
import type { Environment } from "./environment";
import { requireOwnEndpoint } from "./ownership";

/** The configured kind of endpoint, and the endpoint names of both kinds. */
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
 * The status of an endpoint; undefined if there is none, or if it failed or is being deleted.
 *
 * @throws UsageError if it is not the workflow's
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
 * Refuses a deploy that would change the endpoint's kind, which AWS cannot do in place: executions would create a
 * second endpoint, and callers of the first would stay on its old model.
 *
 * If both kinds are in service, the change is made and the old endpoint was kept.
 *
 * @throws UsageError with the necessary steps and the command for them
 */
export async function refuseChangeOfKind(environment: Environment): Promise<void> {
  const { kind, wanted, other } = endpointNames(environment.workflow);
  if ((await endpointStatus(environment, other)) === undefined) return;
  if ((await endpointStatus(environment, wanted)) === "InService") return;
  const before = words[kind === "instance" ? "serverless" : "instance"];
  throw new UsageError(
    `An endpoint cannot change its kind: ${other} (${before}) is in service, but config.ts requires an endpoint ${words[kind]}. Nothing was changed. The steps are:
  1. deploy, and put the current version in service under the new name ${wanted}
  2. switch the callers of ${other} to ${wanted}
  3. delete ${other}
npm run change-kind -- ${environment.name} does step 1 and, after you have done step 2, step 3. Or set the endpoint's kind back in config.ts`,
  );
}
