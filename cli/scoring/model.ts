import { createHash } from "node:crypto";
import {
  CreateModelCommand,
  type CreateModelCommandInput,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  paginateListModels,
} from "@aws-sdk/client-sagemaker";
import { DescribeStateMachineCommand } from "@aws-sdk/client-sfn";
import jsonata from "jsonata";
import { stableEndpointName } from "../../workflow/names";
import { resourceTags } from "../../workflow/resources";
import { type Environment, stateMachinesOf } from "../account/environment";
import { ownedBy } from "../account/ownership";
import { tagList } from "../account/tags";
import { requireRegisteredFiles } from "../registry/content";
import { findVersion, listVersions, servingModel } from "../registry/model-versions";
import { UsageError } from "../terminal/errors";
import { parseDefinition } from "../terraform/definition-json";

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
  await requireUnchanged(environment, arn);
  return (await findModel(environment, arn)) ?? (await makeModel(environment, arn));
}

/** Checks the artifact, because a batch transform job loads it again. */
async function requireUnchanged({ aws, name }: Environment, packageArn: string): Promise<void> {
  const describe = new DescribeModelPackageCommand({ ModelPackageName: packageArn });
  const version = await aws.sagemaker().send(describe);
  await requireRegisteredFiles(aws, `version ${version.ModelPackageVersion} of ${name}`, version);
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

/** The states of the release that are read. */
interface Release {
  readonly ReadPackage?: { readonly Assign?: { readonly package?: string } };
  readonly CreateModel?: { readonly Arguments?: Readonly<Record<string, unknown>> };
}

/** Creates a version's model with the request of the deployed release, which then reuses it. */
async function makeModel(environment: Environment, modelPackageArn: string): Promise<string> {
  const { aws, workflow } = environment;
  const { release: stateMachineArn } = await stateMachinesOf(environment);
  const [{ definition = "" }, described] = await Promise.all([
    aws.sfn().send(new DescribeStateMachineCommand({ stateMachineArn })),
    aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: modelPackageArn })),
  ]);
  const { ReadPackage = {}, CreateModel = {} } = parseDefinition(definition).States as Release;
  // Times become text, as in Step Functions.
  const states = { result: JSON.parse(JSON.stringify(described)) as object };
  const found = await evaluated(ReadPackage.Assign?.package, { states });
  const { Tags: _, ...request } = CreateModel.Arguments ?? {};
  const input = (await evaluated(request, { modelPackageArn, package: found })) as CreateModelCommandInput;
  const Tags = tagList(resourceTags(workflow));
  await aws.sagemaker().send(new CreateModelCommand({ ...input, Tags }));
  return input.ModelName as string;
}

/** Evaluates the expressions in a value of a definition. */
async function evaluated(value: unknown, variables: Record<string, unknown>): Promise<unknown> {
  if (typeof value === "string" && value.startsWith("{%")) {
    const compiled = jsonata(value.slice(2, -2));
    // Step Functions has this function, JSONata does not.
    compiled.registerFunction("hash", (text: string) => createHash("sha256").update(text).digest("hex"));
    return await compiled.evaluate({}, variables);
  }
  if (Array.isArray(value)) return await Promise.all(value.map((item) => evaluated(item, variables)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await evaluated(item, variables)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
