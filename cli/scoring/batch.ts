import { prefixes } from "../../workflow/prefixes";
import { resourceTags } from "../../workflow/resources";
import { findArtifactBucket } from "../account/buckets";
import type { Environment } from "../account/environment";
import { UsageError } from "../terminal/errors";
import { size } from "../terminal/size";
import {
  objectsAt,
  refuseSplitHeaders,
  type ScoringObject,
  scoringInputUrl,
  scoringOutputUrl,
} from "./addresses";
import { type Format, followScoring, type ScoringJob, startScoring } from "./job";
import { isLocalFile, uploadInput } from "./local-input";
import { modelToScore } from "./model";
import { firstPredictions } from "./predictions";

export interface ScoreOptions {
  readonly output?: string;
  /** The version to score with; default: the one in service. */
  readonly version?: number;
  readonly format: Format;
  readonly instanceType: string;
  readonly instances: number;
  /** How long to wait for the job, in seconds. */
  readonly timeout: number;
}

/** A finished job and its output. */
interface Scored {
  readonly job: ScoringJob;
  readonly output: readonly ScoringObject[];
  /** The first lines of the first output. */
  readonly predictions: readonly string[];
}

interface Listener {
  readonly signal?: AbortSignal;
  /** Called after each check of the job. */
  readonly onProgress?: (progress: string) => void;
  /** Called once for each step. */
  readonly onStep?: (line: string) => void;
}

/**
 * Scores the objects under a prefix, or a file on this machine, which is uploaded.
 *
 * @throws UsageError if there is nothing to score or no model to score with; nothing was started then
 * @throws FailedError if the job fails, with its reason
 */
export async function scorePrefix(
  environment: Environment,
  input: string,
  options: ScoreOptions,
  { signal, onProgress, onStep }: Listener = {},
): Promise<Scored> {
  const { aws, baseName, workflow } = environment;
  const bucketName = await findArtifactBucket(environment);
  if (bucketName === undefined) {
    throw new UsageError(
      `Environment ${environment.name} has no artifact bucket: deploy it with npm run deploy -- ${environment.name}`,
    );
  }
  const jobName = `${baseName}-score-${new Date().toISOString().replace(/[-:.TZ]/g, "")}`;
  const isLocal = isLocalFile(input);
  const givenUrl = isLocal ? undefined : scoringInputUrl(input, bucketName);
  const outputUrl = scoringOutputUrl(options.output, bucketName, jobName);
  const inputUrl = givenUrl ?? (await uploadInput(aws, input, bucketName, jobName));
  const objects = await objectsAt(aws, inputUrl);
  if (objects.length === 0) {
    throw new UsageError(
      `${inputUrl} must contain objects, got none: pass a CSV file of this machine, or upload some with aws s3 cp data.csv s3://${bucketName}/${prefixes.scoringInput}`,
    );
  }
  await refuseSplitHeaders(aws, inputUrl, objects);
  const modelName = await modelToScore(environment, options.version);
  const job: ScoringJob = {
    name: jobName,
    modelName,
    inputUrl,
    outputUrl,
    format: options.format,
    instanceType: options.instanceType,
    instanceCount: options.instances,
    tags: resourceTags(workflow),
  };
  await startScoring(aws, job);
  onStep?.(`${objects.length} objects, ${totalSize(objects)}, with the model ${modelName}`);
  onStep?.(`transform job ${jobName}`);
  await followScoring(aws, jobName, { timeoutSeconds: options.timeout, signal, workflow, onProgress });
  const output = await objectsAt(aws, outputUrl);
  return { job, output, predictions: await firstPredictions(aws, outputUrl, output) };
}

export function scoredText({ job, output, predictions }: Scored): string {
  const width = Math.max(...output.map(({ key }) => key.length), 0);
  return [
    `Scored with ${job.modelName}, into ${job.outputUrl}`,
    ...output.map(({ key, bytes }) => `  ${key.padEnd(width)}  ${size(bytes)}`),
    ...(predictions.length === 0
      ? []
      : ["The first predictions:", ...predictions.map((line) => `  ${line}`)]),
  ].join("\n");
}

function totalSize(objects: readonly ScoringObject[]): string {
  return size(objects.reduce((sum, { bytes }) => sum + bytes, 0));
}
