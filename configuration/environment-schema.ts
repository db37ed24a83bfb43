/** What `config.ts` may say of an environment. */

import { z } from "zod";
import { defaultNoncurrentVersionDays } from "../workflow/bucket";
import { memorySizes, mostConcurrency } from "../workflow/endpoint/kinds";
import { hasRecipients, webhookFormats } from "../workflow/monitoring/notifications";
import { defaultLogRetentionInDays } from "../workflow/resources";

export const wholeNumber = z.number().int().positive();

/** A type that SageMaker may have; which ones there are, and where, is known to AWS only. */
const instanceType = (example: string) =>
  z
    .string()
    .regex(
      /^ml\.[a-z][a-z0-9-]*\.(medium|large|\d*xlarge|metal[a-z0-9-]*)$/,
      `must be a SageMaker instance type such as ${example}`,
    );

export const jobSizeSchema = z.strictObject({
  instanceType: instanceType("ml.m5.large").optional(),
  instanceCount: wholeNumber.optional(),
  volumeSizeInGB: wholeNumber.optional(),
  maxRuntimeInSeconds: wholeNumber.optional(),
});

const variantName = z
  .string()
  .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, "is letters, digits and hyphens, at most 63")
  .optional();

export const endpointSchema = z.discriminatedUnion("kind", [
  /** Instances, which cost while they are up. */
  z.strictObject({
    kind: z.literal("instance").optional(),
    variantName,
    instanceType: instanceType("ml.t2.medium").optional(),
    initialInstanceCount: wholeNumber.optional(),
    initialVariantWeight: z.number().nonnegative().optional(),
    /** How an update is moved in, where there are always two instances or more. */
    update: z
      .strictObject({
        shift: z.enum(["canary", "linear"]).optional(),
        waitSeconds: z.number().int().nonnegative().optional(),
        terminationSeconds: z.number().int().nonnegative().optional(),
      })
      .optional(),
    /** As many instances as keep each at this many requests a minute; with a minimum of 1 there is no canary. */
    autoscaling: z
      .strictObject({
        minInstances: wholeNumber,
        maxInstances: wholeNumber,
        invocationsPerInstance: z.number().positive(),
      })
      .optional(),
  }),
  /** No instances: it costs while it answers. No VPC, no canary, and a first answer that takes seconds. */
  z.strictObject({
    kind: z.literal("serverless"),
    variantName,
    memorySizeInMB: z
      .number()
      .refine((size) => memorySizes.includes(size), `must be one of ${memorySizes.join(", ")}`)
      .optional(),
    /** Requests at the same time; more are throttled. */
    maxConcurrency: wholeNumber.max(mostConcurrency).optional(),
  }),
]);

export const vpcSchema = z.strictObject({
  subnetIds: z.array(z.string().startsWith("subnet-")).min(1).max(16),
  securityGroupIds: z.array(z.string().startsWith("sg-")).min(1).max(5),
});

export const rollbackAlarmsSchema = z.array(z.string().min(1).max(255)).max(8);

export const tagsSchema = z.record(z.string().min(1).max(128), z.string().max(256));

const environmentEntrySchema = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region such as us-east-1"),
  /** The only account that this environment may be deployed to; without it, the credentials' account. */
  account: z
    .string()
    .regex(/^\d{12}$/, "must be 12 digits")
    .optional(),
  /** Profile of the AWS configuration files; without it, what the AWS SDKs find by themselves. */
  profile: z.string().min(1).optional(),
  /** Role that is assumed with these credentials, for everything that a command does. */
  assumeRoleArn: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, "must be a role's ARN")
    .optional(),

  /** Bucket for Terraform's state, in the same region; `npm run bootstrap` makes it. Without it, the state is a file in the project folder. */
  stateBucket: z.string().min(3).max(63).optional(),
  /** Name of the artifact bucket; without it, a unique one is made. */
  bucketName: z.string().min(3).max(63).optional(),
  /** Destroying the environment also deletes its data and models. */
  forceDestroy: z.boolean().default(false),
  /** Key for bucket, logs, schedule and notifications; its policy must let CloudWatch Logs, and with notifications CloudWatch, use it. */
  kmsKeyArn: z.string().startsWith("arn:").optional(),
  /** How long to keep what nobody asks for any more. */
  retention: z
    .strictObject({
      logsInDays: wholeNumber.default(defaultLogRetentionInDays),
      noncurrentVersionsInDays: wholeNumber.default(defaultNoncurrentVersionDays),
      /** Endpoint configurations with their models, beside those that serve; over the workflow's props. */
      releases: wholeNumber.optional(),
    })
    .prefault({}),

  /** What jobs run on, in place of what the workflow's props say. */
  sizes: z
    .strictObject({
      processing: jobSizeSchema.optional(),
      training: jobSizeSchema.optional(),
    })
    .prefault({}),
  /**
   * What the endpoint is: `instance`, the default, or `serverless` (docs/endpoints.md). Over the endpoint in the
   * workflow's props, or in place of it where that is of the other kind.
   */
  endpoint: endpointSchema.optional(),
  /** In place of the gate's threshold in the workflow's props; metric and direction are the workflow's. */
  gate: z.strictObject({ threshold: z.number() }).optional(),
  /** Whether a model that passes the gate is released by itself, or when a person approves it; over the workflow's props. */
  approval: z.enum(["automatic", "manual"]).optional(),
  /** Starts an execution by itself, such as `rate(7 days)` or `cron(0 3 ? * MON *)`. */
  schedule: z
    .strictObject({
      expression: z
        .string()
        .regex(/^(rate|cron)\(.+\)$/, "must be rate(…) or cron(…), as EventBridge Scheduler writes them"),
      /** Name of a time zone, such as Europe/Zurich. */
      timeZone: z.string().default("UTC"),
    })
    .optional(),
  /** Who hears of releases, executions that end badly, and alarms: docs/notifications.md. */
  notifications: z
    .strictObject({
      /** Each address has to confirm once. */
      emails: z.array(z.email()).default([]),
      /** A chat's channel; the URL is a secret, and lies in an SSM parameter of type SecureString. */
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
  /** Names of alarms of yours that roll an update back, beside those on errors and latency; they need two instances always. */
  rollbackAlarms: rollbackAlarmsSchema.default([]),
  /** Alarms beside those on executions, the endpoint's errors and its latency; all need `notifications`. */
  alarms: z
    .strictObject({
      /** Minutes without a request after which the endpoint counts as forgotten; at most a day. */
      noTrafficMinutes: wholeNumber.max(1440).optional(),
    })
    .prefault({}),
  /** A CloudWatch dashboard of executions and endpoint. */
  dashboard: z.boolean().default(true),

  /** Deploys what A/B tests need, which `npm run experiment` then starts: docs/ab-tests.md. */
  experiments: z.boolean().default(false),

  /** Subnets and security groups of jobs and endpoint; they need ways to S3, ECR and CloudWatch Logs. */
  vpc: vpcSchema.optional(),
  /** Policy that limits every role of the workflow, where the account asks for one. */
  permissionsBoundaryArn: z
    .string()
    .regex(/^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/, "must be a policy's ARN")
    .optional(),
  /** More tags on everything, executions' jobs and endpoints included. */
  tags: tagsSchema.default({}),
});

export const environmentSchema = environmentEntrySchema.refine(
  ({ alarms, notifications }) => alarms.noTrafficMinutes === undefined || hasRecipients(notifications),
  {
    path: ["alarms", "noTrafficMinutes"],
    error: "nobody would hear the alarm: give notifications.emails or notifications.webhook",
  },
);

/** One environment, with the defaults filled in. */
export type EnvironmentConfig = z.output<typeof environmentSchema>;
