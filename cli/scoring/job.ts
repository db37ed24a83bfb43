import {
  CreateTransformJobCommand,
  DescribeTransformJobCommand,
  type DescribeTransformJobCommandOutput,
  type TransformInstanceType,
} from "@aws-sdk/client-sagemaker";
import type { WorkflowProps } from "../../workflow/props";
import type { Aws } from "../account/clients";
import { poll } from "../account/poll";
import { tagList } from "../account/tags";
import { jobLogLines, logText } from "../execution/end-of-log";
import { placeInScript, scriptsOfJobs } from "../execution/script-error";
import { DetachedError, FailedError, OutcomeUnknownError } from "../terminal/errors";
import { maxPayloadInMB } from "./addresses";

/** Media types of the model's responses, by the value of `--format`. */
const formats = { csv: "text/csv", json: "application/json" } as const;

export type Format = keyof typeof formats;

/** A batch transform job. */
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
 * Returns the request for a job that scores CSV, with as many lines per request to the model as fit.
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
  /** The workflow, to find the line of its script that failed. */
  readonly workflow?: WorkflowProps;
  /** Called with the job's status and duration after each check. */
  readonly onProgress?: (progress: string) => void;
}

/**
 * Follows a job until it has completed.
 *
 * @throws FailedError if it fails or is stopped, with its reason and the last lines of its log
 * @throws OutcomeUnknownError if it takes longer than `timeoutSeconds`
 */
export async function followScoring(
  aws: Aws,
  name: string,
  { timeoutSeconds, signal, workflow, onProgress }: FollowOptions,
): Promise<void> {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const stop = `Stop it with: aws sagemaker stop-transform-job --transform-job-name ${name}`;
  let status: string | undefined;
  const check = async (): Promise<true | undefined> => {
    const job = await aws.sagemaker().send(new DescribeTransformJobCommand({ TransformJobName: name }));
    status = job.TransformJobStatus;
    onProgress?.(`${status}, ${seconds()} s`);
    if (status === "Failed" || status === "Stopped") throw await failure(aws, job, workflow);
    return status === "Completed" || undefined;
  };
  await poll(check, {
    intervalMilliseconds: aws.isEmulator ? 200 : 5000,
    timeout: {
      seconds: timeoutSeconds,
      error: () =>
        new OutcomeUnknownError(
          `The transform job ${name} is still ${status} after ${timeoutSeconds} s, and continues. ${stop}`,
        ),
    },
    signal,
    interrupted: () =>
      new DetachedError(`Stopped waiting for the transform job ${name}, which continues. ${stop}`),
  });
}

async function failure(
  aws: Aws,
  {
    TransformJobName = "",
    TransformJobStatus,
    FailureReason = "SageMaker returned no reason",
  }: DescribeTransformJobCommandOutput,
  workflow: WorkflowProps | undefined,
): Promise<FailedError> {
  const log = await jobLogLines(aws, "score", TransformJobName);
  const place = placeInScript(log, workflow, scriptsOfJobs.score);
  return new FailedError(
    [
      ...(place === undefined ? [] : [place]),
      `The transform job ${TransformJobName} ended as ${TransformJobStatus}: ${FailureReason}`,
      ...logText("job", log),
    ].join("\n"),
  );
}
