/** The schema of the workflow in `config.ts`; `workflow/props.ts` documents each prop. */

import { z } from "zod";
import { executionInputKeys } from "../workflow/execution-input";
import type { WorkflowProps } from "../workflow/props";
import {
  endpointSchema,
  jobSizeSchema,
  rollbackAlarmsSchema,
  tagsSchema,
  vpcSchema,
  wholeNumber,
} from "./environment-schema";

const text = z.string().min(1);
const scriptShape = { folder: text, entryPoint: text };
const jobSchema = jobSizeSchema.extend(scriptShape);
const jobWithArguments = jobSchema.extend({ arguments: z.array(z.string()).optional() });
const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: ({ input }) => `must be a string, a number, true or false, got ${JSON.stringify(input)}`,
});
const hyperparameters = z.record(z.string(), scalar);

/** The workflow's props, the same for every environment except its name. */
export type WorkflowConfig = Omit<WorkflowProps, "environment">;

// The interface is written out for readability; this does not compile if its keys differ from the schema's.
const workflowShape = {
  prefix: text,
  processing: jobWithArguments,
  training: jobSchema.extend({
    hyperparameters: hyperparameters.optional(),
    metrics: z.array(text).optional(),
  }),
  comparison: jobWithArguments.optional(),
  inference: z.strictObject(scriptShape),
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

export const testRunSchema = z.strictObject({
  /** The execution input: docs/execution-input.md. */
  executionInput: z.partialRecord(z.enum(executionInputKeys), z.union([scalar, hyperparameters])),
  /** Instances to send to the endpoint afterwards, as `{"instances": …}`; it returns one prediction for each. */
  instances: z.array(z.json()).min(1),
  /** Hyperparameters that make a model worse than the one in service, for `npm run rehearse`. */
  worseHyperParameters: hyperparameters.optional(),
  /** Folder of files to upload as raw data; without it, the recipe's data is created. */
  sampleData: text.optional(),
});
