import { resourceTags } from "../../workflow/resources";
import { prefixes } from "../../workflow/settings";
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
import { modelToScore } from "./model";

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
}

interface Listener {
  readonly signal?: AbortSignal;
  /** Called after each check of the job. */
  readonly onProgress?: (progress: string) => void;
  /** Called once for each step. */
  readonly onStep?: (line: string) => void;
}

/**
 * Scores the objects under a prefix.
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
  const inputUrl = scoringInputUrl(input, bucketName);
  const outputUrl = scoringOutputUrl(options.output, bucketName, jobName);
  const objects = await objectsAt(aws, inputUrl);
  if (objects.length === 0) {
    throw new UsageError(
      `${inputUrl} must contain objects, got none: upload CSV, for example with aws s3 cp data.csv s3://${bucketName}/${prefixes.scoringInput}`,
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
  await followScoring(aws, jobName, { timeoutSeconds: options.timeout, signal, onProgress });
  return { job, output: await objectsAt(aws, outputUrl) };
}

export function scoredText({ job, output }: Scored): string {
  const width = Math.max(...output.map(({ key }) => key.length), 0);
  return [
    `Scored with ${job.modelName}, into ${job.outputUrl}`,
    ...output.map(({ key, bytes }) => `  ${key.padEnd(width)}  ${size(bytes)}`),
  ].join("\n");
}

function totalSize(objects: readonly ScoringObject[]): string {
  return size(objects.reduce((sum, { bytes }) => sum + bytes, 0));
}
