/** A definition of a state machine, from Terraform, AWS or this project's code. */

import { z } from "zod";

/** The fields of a state that are read. */
export interface StateJson {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next?: string }[];
  readonly Resource?: string;
  readonly Arguments?: unknown;
  readonly Parameters?: unknown;
  readonly Seconds?: unknown;
  readonly Items?: unknown;
  readonly ItemProcessor?: GraphJson;
  readonly Iterator?: GraphJson;
  readonly Branches?: readonly GraphJson[];
  readonly [field: string]: unknown;
}

export interface GraphJson {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateJson>>;
}

/** A parsed definition in Amazon States Language: deployed, planned or local. */
export interface DefinitionJson extends GraphJson {
  readonly [field: string]: unknown;
}

const graphSchema: z.ZodType<GraphJson> = z.lazy(() =>
  z.looseObject({ StartAt: z.string(), States: z.record(z.string(), stateSchema) }),
);
const stateSchema: z.ZodType<StateJson> = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Default: z.string().optional(),
  Choices: z.array(z.looseObject({ Next: z.string().optional() })).optional(),
  Resource: z.string().optional(),
  ItemProcessor: graphSchema.optional(),
  Iterator: graphSchema.optional(),
  Branches: z.array(graphSchema).optional(),
});

/**
 * Parses the text of a definition.
 *
 * @throws Error with the location if it is not a state machine in Amazon States Language
 */
export function parseDefinition(text: string): DefinitionJson {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`The state machine's definition must be JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const result = graphSchema.safeParse(json);
  if (!result.success) {
    throw new Error(`The state machine's definition is invalid:\n${z.prettifyError(result.error)}`);
  }
  return result.data as DefinitionJson;
}

/** The graphs inside a Map or Parallel state. */
export function innerGraphs({
  ItemProcessor,
  Iterator: iterator,
  Branches,
}: StateJson): readonly GraphJson[] {
  const graph = ItemProcessor ?? iterator;
  return graph === undefined ? (Branches ?? []) : [graph];
}
