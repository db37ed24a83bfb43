/** How the deployed state machines register and release a version, so that a command does it with the same request. */

import { createHash } from "node:crypto";
import type { CreateModelCommandInput, DescribeModelPackageCommandOutput } from "@aws-sdk/client-sagemaker";
import { DescribeStateMachineCommand, StateMachineDoesNotExist } from "@aws-sdk/client-sfn";
import jsonata from "jsonata";
import { z } from "zod";
import type { StateMachineArns } from "../../workflow/arns";
import { isExpression, sourceOf } from "../../workflow/asl/jsonata";
import { type Environment, stateMachinesOf } from "../account/environment";
import { UsageError } from "../terminal/errors";

/** The request that registers a version; a promotion uses all of it except the model. */
const registrationSchema = z.object({
  ModelPackageGroupName: z.string(),
  ModelApprovalStatus: z.enum(["Approved", "PendingManualApproval"]),
  InferenceSpecification: z.looseObject({
    Containers: z.tuple([
      z.object({ Image: z.string(), Environment: z.object({ SAGEMAKER_REGION: z.string() }) }),
    ]),
  }),
});

export type Registration = z.infer<typeof registrationSchema>;

const releaseSchema = z.object({
  ReadPackage: z.object({ Assign: z.object({ package: z.string() }) }),
  CreateModel: z.object({ Arguments: z.looseObject({ ModelName: z.string() }) }),
});

/**
 * Returns the text of a deployed definition.
 *
 * @throws UsageError if the environment is not deployed
 */
export async function deployedDefinition(
  environment: Environment,
  machine: keyof StateMachineArns,
): Promise<string> {
  const stateMachineArn = (await stateMachinesOf(environment))[machine];
  try {
    const describe = new DescribeStateMachineCommand({ stateMachineArn });
    return (await environment.aws.sfn().send(describe)).definition ?? "{}";
  } catch (error) {
    if (error instanceof StateMachineDoesNotExist) throw notDeployed(environment, error);
    throw error;
  }
}

/** The error for an environment that lacks what a deployment creates. */
export function notDeployed({ name, baseName }: Environment, cause?: Error): UsageError {
  return new UsageError(
    `The workflow ${baseName} is not deployed in ${name}: deploy it with npm run deploy -- ${name}`,
    { cause },
  );
}

/**
 * Reads from the workflow's definition how it registers a version.
 *
 * @throws UsageError if it registers nothing
 */
export function registrationOf(environment: string, definition: string): Registration {
  const states = z.object({ RegisterModel: z.object({ Arguments: registrationSchema }) });
  return statesOf(environment, definition, "register", states).RegisterModel.Arguments;
}

/**
 * Returns the request with which the release's definition creates a version's model, without its tags.
 *
 * A model that a command creates with it is the one that a release of the version reuses.
 *
 * @throws UsageError if the definition creates no model
 */
export async function modelRequest(
  environment: string,
  definition: string,
  described: DescribeModelPackageCommandOutput,
): Promise<CreateModelCommandInput> {
  const { ReadPackage, CreateModel } = statesOf(environment, definition, "release", releaseSchema);
  const result = { ...described, CreationTime: described.CreationTime?.toISOString() };
  const version = await evaluated(ReadPackage.Assign.package, { states: { result } });
  const { Tags: _, ...request } = CreateModel.Arguments;
  const variables = { modelPackageArn: described.ModelPackageArn, package: version };
  return (await evaluated(request, variables)) as CreateModelCommandInput;
}

function statesOf<T>(environment: string, definition: string, verb: string, schema: z.ZodType<T>): T {
  const found = z.object({ States: schema }).safeParse(JSON.parse(definition));
  if (found.success) return found.data.States;
  throw new UsageError(
    `The state machine deployed in ${environment} does not ${verb} models as these commands expect: deploy it again with npm run deploy -- ${environment}\n${z.prettifyError(found.error)}`,
  );
}

/** Evaluates the expressions in a value of a definition. */
async function evaluated(value: unknown, variables: Record<string, unknown>): Promise<unknown> {
  if (isExpression(value)) {
    const compiled = jsonata(sourceOf(value));
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
