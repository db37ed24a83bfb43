/** The configuration: which environments there are, and what the workflow does in them. Edit this file. */

import { z } from "zod";
import type { ExecutionInput } from "./workflow/execution-input";
import type { WorkflowProps } from "./workflow/props";
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

/** Environments that can be deployed. The emulator's, `local`, needs no entry. */
export const { environments } = parseConfig({
  environments: {
    dev: { region: "us-east-1", forceDestroy: true },
  },
});

/** The recipe's workflow, under the names of one environment. */
export function workflowProps(environment: string): WorkflowProps {
  const folder = "python/scripts";
  return {
    prefix: "housing",
    environment,
    processing: { folder, entryPoint: "preprocessing.py" },
    training: {
      folder,
      entryPoint: "training.py",
      hyperparameters: {
        "n-estimators": 100,
        "max-depth": 10,
        "min-samples-split": 5,
        "random-state": 42,
      },
      metrics: ["train_rmse", "test_rmse", "train_r2", "test_r2", "train_mae", "test_mae"],
    },
    inference: { folder, entryPoint: "inference.py" },
    gate: { metric: "test_r2", threshold: 0.7 },
  };
}

/** A run to try the workflow out, with `npm start` or `npm run execute`. */
interface TestRun {
  /** What the execution gets. */
  readonly executionInput: ExecutionInput;
  /** What the endpoint is asked afterwards, as `{"instances": …}`; it answers with as many `predictions`. */
  readonly instances: readonly unknown[];
  /** Folder of files to upload as raw data; without it, the recipe's data is made. */
  readonly sampleData?: string;
}

export const testRun: TestRun = {
  executionInput: { DataPrefix: "raw-data/" },
  // The first two rows of the data set: MedInc, HouseAge, AveRooms, AveBedrms, Population, AveOccup, Latitude, Longitude.
  instances: [
    [8.3252, 41, 6.98412698, 1.02380952, 322, 2.55555556, 37.88, -122.23],
    [8.3014, 21, 6.23813708, 0.97188049, 2401, 2.10984183, 37.86, -122.22],
  ],
};
