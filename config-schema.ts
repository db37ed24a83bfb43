/** What `config.ts` may say of environments, and its check. */

import { z } from "zod";
import { defaultLogRetentionInDays } from "./workflow/resources";

const environmentSchema = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region such as us-east-1"),
  /** The only account that this environment may be deployed to; without it, the credentials' account. */
  account: z
    .string()
    .regex(/^\d{12}$/, "must be 12 digits")
    .optional(),
  /** Bucket for Terraform's state, in the same region; without it, the state is a file in the project folder. */
  stateBucket: z.string().min(3).max(63).optional(),
  /** Name of the artifact bucket; without it, a unique one is made. */
  bucketName: z.string().min(3).max(63).optional(),
  /** Destroying the environment also deletes its data and models. */
  forceDestroy: z.boolean().default(false),
  /** Key for the bucket and the logs; its policy must let CloudWatch Logs use it. */
  kmsKeyArn: z.string().startsWith("arn:").optional(),
  logRetentionInDays: z.number().int().positive().default(defaultLogRetentionInDays),
});

const configSchema = z.strictObject({
  environments: z.record(
    z
      .string()
      .regex(/^[a-z][a-z0-9]{0,9}$/, "an environment's name is 1 to 10 lower-case letters and digits"),
    environmentSchema,
  ),
});

/** One environment, with the defaults filled in. */
export type EnvironmentConfig = z.output<typeof environmentSchema>;

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws Error that lists every wrong value with its place
 */
export function parseConfig(config: z.input<typeof configSchema>): z.output<typeof configSchema> {
  const result = configSchema.safeParse(config);
  if (!result.success) throw new Error(`The configuration is not right:\n${z.prettifyError(result.error)}`);
  return result.data;
}
