/** The schema of an environment in `config.ts`. */

import { z } from "zod";
import { defaultNoncurrentVersionDays } from "../workflow/bucket";
import { memorySizes, mostConcurrency, noServerlessCapture } from "../workflow/endpoint/kinds";
import type { AlarmOptions } from "../workflow/monitoring/alarms";
import type { MonitoredWindow } from "../workflow/monitoring/monitor";
import { hasRecipients, webhookFormats } from "../workflow/monitoring/notifications";
import { defaultLogRetentionInDays } from "../workflow/resources";
import { monitoredKinds, type RetrainingProps } from "../workflow/retraining/retraining";
import type { TrainingInstancesProps } from "../workflow/training-instances";
import { type InstanceUser, instanceTypeProblem, instanceTypes } from "./instance-types";
import { regionProblem } from "./regions";
import { suggestion } from "./suggest";

export const wholeNumber = z.number().int().positive();

/** Checks the form of an instance type, and the sizes of known families; which types a region has, only AWS knows. */
const instanceType = (user: InstanceUser, example: string) =>
  z
    .string()
    .regex(/^ml\.[a-z][a-z0-9-]*\.(medium|large|\d*xlarge|metal[a-z0-9-]*)$/, {
      error: ({ input }) =>
        `must be a SageMaker instance type such as ${example}, got ${input}${suggestion(String(input), instanceTypes)}`,
      abort: true,
    })
    .refine((type) => instanceTypeProblem(type, user) === undefined, {
      error: ({ input }) => instanceTypeProblem(input as string, user),
    });

export const jobSizeSchema = z.strictObject({
  instanceType: instanceType("jobs", "ml.m5.large").optional(),
  instanceCount: wholeNumber.optional(),
  volumeSizeInGB: wholeNumber.optional(),
  maxRuntimeInSeconds: wholeNumber.optional(),
  waitForCapacityInSeconds: z.number().optional(),
});

export const trainingSizeSchema = jobSizeSchema.extend({
  spot: z
    .union([z.literal(false), z.strictObject({ maxWaitInSeconds: wholeNumber })], {
      error: ({ input }) =>
        `must be false, or { maxWaitInSeconds } with a whole number of seconds, got ${JSON.stringify(input)}`,
    })
    .optional(),
  checkpoints: z.boolean().optional(),
  keepAlivePeriodInSeconds: z.number().optional(),
} satisfies Record<keyof TrainingInstancesProps, z.ZodType>);

/** What one run of the monitor judges. */
export const windowShape = {
  windowInHours: wholeNumber.optional(),
  delayInMinutes: wholeNumber.optional(),
} satisfies Record<keyof MonitoredWindow, z.ZodType>;

/** When a reason to retrain is followed. */
export const retrainingShape = {
  coolDownInHours: z.number().optional(),
  mostPerDay: z.number().optional(),
  refusalsInARow: z.number().optional(),
  on: z.array(z.enum(monitoredKinds)).optional(),
} satisfies Record<keyof RetrainingProps, z.ZodType>;

const schedule = z.strictObject({
  expression: z
    .string()
    .regex(/^(rate|cron)\(.+\)$/, "must be rate(…) or cron(…), in the syntax of EventBridge Scheduler"),
  /** Name of a time zone, such as Europe/Zurich. */
  timeZone: z.string().default("UTC"),
});

const variantName = z
  .string()
  .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, "must be up to 63 letters, digits and hyphens")
  .optional();

export const endpointSchema = z.discriminatedUnion("kind", [
  /** An endpoint on instances, which cost money while they are up. */
  z.strictObject({
    kind: z.literal("instance").optional(),
    variantName,
    instanceType: instanceType("endpoints", "ml.t2.medium").optional(),
    initialInstanceCount: wholeNumber.optional(),
    initialVariantWeight: z.number().nonnegative().optional(),
    /** How traffic moves to an update, if there are always at least two instances. */
    update: z
      .strictObject({
        shift: z.enum(["canary", "linear"]).optional(),
        waitSeconds: z.number().int().nonnegative().optional(),
        terminationSeconds: z.number().int().nonnegative().optional(),
      })
      .optional(),
    /** Scales to keep each instance at this many requests per minute; with a minimum of 1 there is no canary. */
    autoscaling: z
      .strictObject({
        minInstances: wholeNumber,
        maxInstances: wholeNumber,
        invocationsPerInstance: z.number().positive(),
      })
      .optional(),
    /** Captures requests and responses in the artifact bucket: docs/data-capture.md. */
    capture: z
      .strictObject({
        percentage: z.number(),
        prefix: z.string().optional(),
        retentionInDays: z.number().optional(),
      })
      .optional(),
  }),
  /** A serverless endpoint: it costs money per request, has no VPC and no canary, and its first response takes seconds. */
  z.strictObject({
    kind: z.literal("serverless"),
    variantName,
    memorySizeInMB: z
      .number()
      .refine((size) => memorySizes.includes(size), `must be one of ${memorySizes.join(", ")}`)
      .optional(),
    /** Concurrent requests; more are throttled. */
    maxConcurrency: wholeNumber.max(mostConcurrency).optional(),
    capture: z
      .never(`must not be set, because ${noServerlessCapture}: omit it, or set endpoint.kind to "instance"`)
      .optional(),
  }),
]);

export const vpcSchema = z.strictObject({
  subnetIds: z.array(z.string().startsWith("subnet-")).min(1).max(16),
  securityGroupIds: z.array(z.string().startsWith("sg-")).min(1).max(5),
});

export const rollbackAlarmsSchema = z.array(z.string().min(1).max(255)).max(8);

export const tagsSchema = z.record(z.string().min(1).max(128), z.string().max(256));

const environmentEntrySchema = z.strictObject({
  region: z
    .string("must be set to an AWS region such as us-east-1")
    .refine((region) => regionProblem(region) === undefined, {
      error: ({ input }) => regionProblem(input as string),
    }),
  /** The only account that this environment may be deployed to; without it, the credentials' account. */
  account: z
    .string()
    .regex(/^\d{12}$/, "must be 12 digits")
    .optional(),
  /** Profile in the AWS configuration files; without it, the credentials that the AWS SDKs find. */
  profile: z.string().min(1).optional(),
  /** Role that every command assumes with these credentials. */
  assumeRoleArn: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, "must be a role's ARN")
    .optional(),

  /** Bucket for Terraform's state, in the same region; `npm run bootstrap` creates it. Without it, the state is a file in the project folder. */
  stateBucket: z.string().min(3).max(63).optional(),
  /** Name of the artifact bucket; without it, a unique name. */
  bucketName: z.string().min(3).max(63).optional(),
  /** Destroying the environment also deletes its data and models. */
  forceDestroy: z.boolean().default(false),
  /** Key for bucket, logs, schedule and notifications; its policy must allow CloudWatch Logs, and with notifications CloudWatch, to use it. */
  kmsKeyArn: z.string().startsWith("arn:").optional(),
  /** How long to keep logs, old versions of objects, and releases. */
  retention: z
    .strictObject({
      logsInDays: wholeNumber.default(defaultLogRetentionInDays),
      noncurrentVersionsInDays: wholeNumber.default(defaultNoncurrentVersionDays),
      /** Endpoint configurations with their models, in addition to those in use; overrides the workflow's props. */
      releases: wholeNumber.optional(),
    })
    .prefault({}),

  /** Instances of jobs; overrides the workflow's props. */
  sizes: z
    .strictObject({
      processing: jobSizeSchema.optional(),
      training: trainingSizeSchema.optional(),
    })
    .prefault({}),
  /**
   * The endpoint: `instance`, the default, or `serverless` (docs/endpoints.md). Its values override the endpoint in the
   * workflow's props, or replace it if that is of the other kind.
   */
  endpoint: endpointSchema.optional(),
  /** Overrides the gate's threshold in the workflow's props; metric and direction are the workflow's. */
  gate: z.strictObject({ threshold: z.number() }).optional(),
  /** Whether a model that passes the gate is released automatically or after manual approval; overrides the workflow's props. */
  approval: z.enum(["automatic", "manual"]).optional(),
  /** Starts executions on a schedule, such as `rate(7 days)` or `cron(0 3 ? * MON *)`. */
  schedule: schedule.optional(),
  /** Runs the monitor on a schedule, and overrides the window in the workflow's props: docs/monitoring.md. */
  monitor: z.strictObject({ schedule: schedule.optional(), ...windowShape }).optional(),
  /** Decides on reasons to run the workflow again, and overrides the workflow's props; `{}` for the defaults: docs/retraining.md. */
  retraining: z.strictObject({ schedule: schedule.optional(), ...retrainingShape }).optional(),
  /** Who is notified of releases, failed executions, and alarms: docs/notifications.md. */
  notifications: z
    .strictObject({
      /** Each address must confirm once. */
      emails: z.array(z.email()).default([]),
      /** A chat channel; the URL is a secret in an SSM parameter of type SecureString. */
      webhook: z
        .strictObject({
          format: z.enum(webhookFormats),
          parameter: z
            .string()
            .regex(
              /^(\/[A-Za-z0-9_.-]+)+$/,
              "must be the name of an SSM parameter such as /housing/prod/webhook; the URL itself is a secret",
            ),
        })
        .optional(),
    })
    .prefault({}),
  /** Names of alarms of yours that roll back an update, in addition to errors and latency; they need at least two instances at all times. */
  rollbackAlarms: rollbackAlarmsSchema.default([]),
  /** Limits of alarms, all of which need `notifications`: docs/notifications.md. */
  alarms: z
    .strictObject({
      /** Minutes without a request after which an alarm fires; at most a day. Without it, there is no such alarm. */
      noTrafficMinutes: wholeNumber.max(1440).optional(),
      /** Minutes that an execution may take; by default half of its time limit, which is much. */
      slowExecutionMinutes: wholeNumber.optional(),
    } satisfies Record<keyof AlarmOptions, z.ZodType>)
    .prefault({}),
  /** Whether to create a CloudWatch dashboard of executions and endpoint. */
  dashboard: z.boolean().default(true),

  /** Deploys the resources of A/B tests, which `npm run experiment` starts: docs/ab-tests.md. */
  experiments: z.boolean().default(false),

  /** Subnets and security groups of jobs and endpoint; they need routes to S3, ECR and CloudWatch Logs. */
  vpc: vpcSchema.optional(),
  /** Policy that limits every role of the workflow, if the account requires one. */
  permissionsBoundaryArn: z
    .string()
    .regex(/^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/, "must be a policy's ARN")
    .optional(),
  /** Additional tags on everything, including jobs and endpoints of executions. */
  tags: tagsSchema.default({}),
});

export const environmentSchema = environmentEntrySchema.superRefine((entry, context) => {
  const { alarms, notifications, schedule, retraining } = entry;
  if (schedule !== undefined && retraining?.schedule !== undefined) {
    context.addIssue({
      code: "custom",
      path: ["retraining", "schedule"],
      message: "would start the workflow beside schedule, which asks nobody: keep one of them",
    });
  }
  if (hasRecipients(notifications)) return;
  for (const [key, value] of Object.entries(alarms)) {
    if (value === undefined) continue;
    context.addIssue({
      code: "custom",
      path: ["alarms", key],
      message: "the alarm would notify no one: set notifications.emails or notifications.webhook",
    });
  }
});

/** One environment, with the defaults filled in. */
export type EnvironmentConfig = z.output<typeof environmentSchema>;
