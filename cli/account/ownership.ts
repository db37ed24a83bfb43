import { ListTagsCommand } from "@aws-sdk/client-sagemaker";
import { ownerTag } from "../../workflow/step";
import { UsageError } from "../terminal/errors";
import type { Aws } from "./clients";

/**
 * Whether a name is one that this environment's executions give.
 *
 * Anybody may give any name: what is changed or deleted is checked by its tag, too.
 */
export function ownedBy(baseName: string, name: string | undefined): boolean {
  return name === baseName || (name?.startsWith(`${baseName}-`) ?? false);
}

/** The workflow that something of SageMaker's belongs to, by its tag. */
export async function ownerOf(aws: Aws, ResourceArn: string | undefined): Promise<string | undefined> {
  const { Tags = [] } = await aws.sagemaker().send(new ListTagsCommand({ ResourceArn }));
  return Tags.find(({ Key }) => Key === ownerTag)?.Value;
}

/**
 * Checks that an endpoint is the workflow's.
 *
 * @throws UsageError where it carries another workflow's tag, or none
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
    `The endpoint ${EndpointName} ${whose}, and is not one of ${baseName}: nothing was changed. Delete it, or give it another name`,
  );
}
