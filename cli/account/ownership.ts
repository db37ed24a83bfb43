import { ListTagsCommand } from "@aws-sdk/client-sagemaker";
import { ownerTag } from "../../workflow/step";
import { UsageError } from "../terminal/errors";
import type { Aws } from "./clients";

/**
 * Whether this environment's executions use such a name.
 *
 * Others may use the same names: before a resource is changed or deleted, its tag is checked too.
 */
export function ownedBy(baseName: string, name: string | undefined): boolean {
  return name === baseName || (name?.startsWith(`${baseName}-`) ?? false);
}

/** Returns the workflow that owns a SageMaker resource, according to its tag. */
export async function ownerOf(aws: Aws, ResourceArn: string | undefined): Promise<string | undefined> {
  const { Tags = [] } = await aws.sagemaker().send(new ListTagsCommand({ ResourceArn }));
  return Tags.find(({ Key }) => Key === ownerTag)?.Value;
}

/**
 * Checks that an endpoint is the workflow's.
 *
 * @throws UsageError if it has another workflow's tag, or none
 */
export async function requireOwnEndpoint(
  aws: Aws,
  baseName: string,
  { EndpointName, EndpointArn }: { readonly EndpointName?: string; readonly EndpointArn?: string },
): Promise<void> {
  const owner = await ownerOf(aws, EndpointArn);
  if (owner === baseName) return;
  const whose = owner === undefined ? `has no tag ${ownerTag}` : `belongs to the workflow ${owner}`;
  throw new UsageError(
    `The endpoint ${EndpointName} must belong to the workflow ${baseName}, but it ${whose}: delete it, or use another endpoint name. Nothing was changed`,
  );
}
