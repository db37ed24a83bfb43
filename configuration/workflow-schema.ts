/** What `config.ts` may say of the workflow; `workflow/props.ts` documents each prop. */

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
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const hyperparameters = z.record(z.string(), scalar);

/** The workflow's props, as every environment gets them under its own name. */
export type WorkflowConfig = Omit<WorkflowProps, "environment">;

// The interface is written out for its readers; this does not compile when it and the schema have other keys.
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
  /** What the execution gets: docs/execution-input.md. */
  executionInput: z.partialRecord(z.enum(executionInputKeys), z.union([scalar, hyperparameters])),
  /** What the endpoint is asked afterwards, as `{"instances": …}`; it answers with as many `predictions`. */
  instances: z.array(z.json()).min(1),
  /** What makes a model worse than the one in service, for `npm run rehearse`. */
  worseHyperParameters: hyperparameters.optional(),
  /** Folder of files to upload as raw data; without it, the recipe's data is made. */
  sampleData: text.optional(),
});
