/** The schema of the workflow in `config.ts`; `workflow/props.ts` documents each prop. */

import { z } from "zod";
import { executionInputKeys } from "../workflow/execution-input";
import type { WorkflowProps } from "../workflow/props";
import type { TuningProps } from "../workflow/tuning/props";
import { scalingNames } from "../workflow/tuning/ranges";
import {
  endpointSchema,
  jobSizeSchema,
  retrainingShape,
  rollbackAlarmsSchema,
  tagsSchema,
  trainingSizeSchema,
  vpcSchema,
  wholeNumber,
  windowShape,
} from "./environment-schema";

const text = z.string().min(1);
const scriptShape = { folder: text, entryPoint: text };
const jobWithArguments = jobSizeSchema.extend({ ...scriptShape, arguments: z.array(z.string()).optional() });
const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: ({ input }) => `must be a string, a number, true or false, got ${JSON.stringify(input)}`,
});
const hyperparameters = z.record(z.string(), scalar);

const range = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum(["integer", "continuous"]),
    min: z.number(),
    max: z.number(),
    scaling: z.enum(scalingNames).optional(),
  }),
  z.strictObject({ kind: z.literal("categorical"), values: z.array(scalar) }),
]);

const tuningSchema = z.strictObject({
  ranges: z.record(z.string(), range),
  strategy: z.enum(["random", "grid", "bayesian", "hyperband"]).optional(),
  objective: z.strictObject({ metric: text, goal: z.enum(["maximize", "minimize"]) }).optional(),
  maxJobs: wholeNumber.optional(),
  maxParallelJobs: wholeNumber.optional(),
  seed: z.number().optional(),
  earlyStopping: z.boolean().optional(),
  hyperband: z
    .strictObject({ minResource: wholeNumber.optional(), maxResource: wholeNumber.optional() })
    .optional(),
  completion: z
    .strictObject({
      targetValue: z.number().optional(),
      notImprovingJobs: z.number().optional(),
      convergence: z.boolean().optional(),
      maxRuntimeInSeconds: z.number().optional(),
    })
    .optional(),
  warmStart: z
    .strictObject({ parents: z.array(text), kind: z.enum(["identical", "transfer"]).optional() })
    .optional(),
} satisfies Record<keyof TuningProps, z.ZodType>);

/** The workflow's props, the same for every environment except its name. */
export type WorkflowConfig = Omit<WorkflowProps, "environment">;

// The interface is written out for readability; this does not compile if its keys differ from the schema's.
const workflowShape = {
  prefix: text,
  processing: jobWithArguments,
  training: trainingSizeSchema.extend({
    ...scriptShape,
    hyperparameters: hyperparameters.optional(),
    metrics: z.array(text).optional(),
  }),
  tuning: tuningSchema.optional(),
  comparison: jobWithArguments.optional(),
  monitor: jobWithArguments.extend(windowShape).optional(),
  retraining: z.strictObject(retrainingShape).optional(),
  inference: z.strictObject(scriptShape),
  cache: z
    .union([z.literal(false), z.strictObject({ maxAgeInDays: wholeNumber.nullable().optional() })], {
      error: ({ input }) =>
        `must be false, or { maxAgeInDays } with a number of whole days or null, got ${JSON.stringify(input)}`,
    })
    .optional(),
  gate: z.strictObject({
    metric: text,
    threshold: z.number(),
    margin: z.number().optional(),
    better: z.enum(["greater", "smaller"]).optional(),
  }),
  approval: z.enum(["automatic", "manual"]).optional(),
  endpoint: endpointSchema.optional(),
  rollbackAlarms: rollbackAlarmsSchema.optional(),
  smokeTest: z
    .strictObject({
      examples: z.array(
        z.union([
          z.strictObject({ instances: z.array(z.json()), low: z.number(), high: z.number() }),
          z.strictObject({ instances: z.array(z.json()), expected: z.array(scalar) }),
        ]),
      ),
      contentType: z.enum(["application/json", "text/csv"]).optional(),
    })
    .optional(),
  retainedReleases: wholeNumber.optional(),
  image: z.union([z.strictObject({ repository: text, tag: text }), z.strictObject({ uri: text })]).optional(),
  data: z.strictObject({ bucketName: z.string().min(3).max(63).optional(), prefix: text }).optional(),
  vpc: vpcSchema.optional(),
  tags: tagsSchema.optional(),
  timeoutSeconds: wholeNumber.optional(),
} satisfies Record<keyof WorkflowConfig, z.ZodType>;

export const workflowSchema: z.ZodType<WorkflowConfig> = z.strictObject(workflowShape);

export const isWorkflowKey = (key: string): boolean => Object.hasOwn(workflowShape, key);

/** Only the form: `CheckInput` knows the bounds. */
const tuningInput = z.strictObject({
  MaxJobs: wholeNumber.optional(),
  Ranges: z.record(z.string(), z.json()).optional(),
});

export const testRunSchema = z.strictObject({
  /** The execution input: docs/execution-input.md. */
  executionInput: z.partialRecord(
    z.enum(executionInputKeys),
    z.union([scalar, hyperparameters, tuningInput]),
  ),
  /** Instances to send to the endpoint afterwards, as `{"instances": …}`; it returns one prediction for each. */
  instances: z.array(z.json()).min(1),
  /** Hyperparameters that make a model worse than the one in service, for `npm run rehearse`. */
  worseHyperParameters: hyperparameters.optional(),
  /** Folder of files to upload as raw data; without it, the recipe's data is created. */
  sampleData: text.optional(),
});
