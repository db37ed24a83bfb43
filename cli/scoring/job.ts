import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateTransformJobCommand,
  DescribeTransformJobCommand,
  type DescribeTransformJobCommandOutput,
  type TransformInstanceType,
} from "@aws-sdk/client-sagemaker";
import type { Aws } from "../account/clients";
import { tagList } from "../account/tags";
import { jobLogLines, logText } from "../execution/logs";
import { DetachedError, FailedError, OutcomeUnknownError } from "../terminal/errors";
import { maxPayloadInMB } from "./place";

/** Media types that the model answers with, by what `--format` calls them. */
export const formats = { csv: "text/csv", json: "application/json" } as const;

export type Format = keyof typeof formats;

/** A batch transform job: what it scores, with what, where to. */
export interface ScoringJob {
  readonly name: string;
  readonly modelName: string;
  readonly inputUrl: string;
  readonly outputUrl: string;
  readonly format: Format;
  readonly instanceType: string;
  readonly instanceCount: number;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * The request of a job that scores CSV line by line, as many lines to a request as fit.
 *
 * https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
 */
export function transformRequest(job: ScoringJob) {
  return {
    TransformJobName: job.name,
    ModelName: job.modelName,
    BatchStrategy: "MultiRecord",
    MaxPayloadInMB: maxPayloadInMB,
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: job.inputUrl } },
      ContentType: "text/csv",
      SplitType: "Line",
      CompressionType: "None",
    },
    TransformOutput: { S3OutputPath: job.outputUrl, Accept: formats[job.format], AssembleWith: "Line" },
    TransformResources: {
      InstanceType: job.instanceType as TransformInstanceType,
      InstanceCount: job.instanceCount,
    },
    Tags: tagList(job.tags),
  } as const;
}

export async function startScoring(aws: Aws, job: ScoringJob): Promise<void> {
  await aws.sagemaker().send(new CreateTransformJobCommand(transformRequest(job)));
}

interface FollowOptions {
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Told what the job is doing, and for how long it has. */
  readonly tell?: (progress: string) => void;
}

/**
 * Follows a job until it has completed.
 *
 * @throws FailedError when it fails or somebody stops it, with its reason and the last lines of its log
 * @throws OutcomeUnknownError when it takes longer than it is waited for
 */
export async function followScoring(
  aws: Aws,
  name: string,
  { timeoutSeconds, signal, tell }: FollowOptions,
): Promise<void> {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const stop = `Stop it with: aws sagemaker stop-transform-job --transform-job-name ${name}`;
  for (;;) {
    const job = await aws.sagemaker().send(new DescribeTransformJobCommand({ TransformJobName: name }));
    tell?.(`${job.TransformJobStatus}, ${seconds()} s`);
    if (job.TransformJobStatus === "Completed") return;
    if (job.TransformJobStatus === "Failed" || job.TransformJobStatus === "Stopped") {
      throw await failure(aws, name, job);
    }
    if (seconds() >= timeoutSeconds) {
      throw new OutcomeUnknownError(
        `The transform job ${name} is ${job.TransformJobStatus} after ${timeoutSeconds} s of waiting; it goes on. ${stop}`,
      );
    }
    try {
      await sleep(aws.isEmulator ? 200 : 5000, undefined, { signal });
    } catch {
      throw new DetachedError(`Left the transform job ${name}, which goes on. ${stop}`);
    }
  }
}

async function failure(
  aws: Aws,
  name: string,
  { TransformJobStatus, FailureReason = "nobody says why" }: DescribeTransformJobCommandOutput,
): Promise<FailedError> {
  const log = await jobLogLines(aws, "/aws/sagemaker/TransformJobs", name);
  return new FailedError(
    [
      `The transform job ${name} ended as ${TransformJobStatus}: ${FailureReason}`,
      ...logText("job", log),
    ].join("\n"),
  );
}
