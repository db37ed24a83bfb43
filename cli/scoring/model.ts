import {
  CreateModelCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  type DescribeModelPackageCommandOutput,
  paginateListModels,
} from "@aws-sdk/client-sagemaker";
import { stableEndpointName } from "../../workflow/names";
import { resourceTags } from "../../workflow/resources";
import type { Environment } from "../account/environment";
import { ownedBy } from "../account/ownership";
import { tagList } from "../account/tags";
import { requireRegisteredFiles } from "../registry/content";
import { deployedDefinition, modelRequest } from "../registry/deployed-release";
import { findVersion, listVersions, servingModel } from "../registry/model-versions";
import { UsageError } from "../terminal/errors";

/**
 * Returns the model to score with: a version's, which is created if necessary, or the one in service.
 *
 * @throws UsageError if no model is in service, or the version does not exist, is not approved, or its files have changed
 */
export async function modelToScore(environment: Environment, number: number | undefined): Promise<string> {
  if (number === undefined) {
    const endpoint = stableEndpointName(environment.workflow);
    const serving = await servingModel(environment, endpoint);
    if (serving?.packageArn !== undefined) await requireUnchanged(environment, serving.packageArn);
    if (serving !== undefined) return serving.modelName;
    throw new UsageError(
      `The endpoint ${endpoint} has no model in service: pass --version <number>; npm run versions -- ${environment.name} lists the versions`,
    );
  }
  const { arn, approval } = findVersion(await listVersions(environment), number);
  if (approval !== "Approved") {
    throw new UsageError(
      `Version ${number} must be Approved, got ${approval}: approve it with npm run approve -- ${environment.name} ${number}`,
    );
  }
  const version = await requireUnchanged(environment, arn);
  return (await findModel(environment, arn)) ?? (await makeModel(environment, version));
}

/** Checks the artifact, because a batch transform job loads it again. */
async function requireUnchanged(
  { aws, name }: Environment,
  packageArn: string,
): Promise<DescribeModelPackageCommandOutput> {
  const describe = new DescribeModelPackageCommand({ ModelPackageName: packageArn });
  const version = await aws.sagemaker().send(describe);
  await requireRegisteredFiles(aws, `version ${version.ModelPackageVersion} of ${name}`, version);
  return version;
}

/** Finds an existing model of a version, whatever its name. */
async function findModel({ aws, baseName }: Environment, packageArn: string): Promise<string | undefined> {
  const sagemaker = aws.sagemaker();
  const search = { NameContains: `${baseName}-model-` };
  for await (const page of paginateListModels({ client: sagemaker }, search)) {
    for (const { ModelName } of page.Models ?? []) {
      if (!ownedBy(baseName, ModelName)) continue;
      const { PrimaryContainer } = await sagemaker.send(new DescribeModelCommand({ ModelName }));
      if (PrimaryContainer?.ModelPackageName === packageArn) return ModelName;
    }
  }
  return undefined;
}

/** Creates a version's model, as a release does, which then reuses it. */
async function makeModel(
  environment: Environment,
  version: DescribeModelPackageCommandOutput,
): Promise<string> {
  const { aws, workflow, name } = environment;
  const request = await modelRequest(name, await deployedDefinition(environment, "release"), version);
  const Tags = tagList(resourceTags(workflow));
  await aws.sagemaker().send(new CreateModelCommand({ ...request, Tags }));
  return request.ModelName as string;
}
