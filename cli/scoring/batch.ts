import { resourceTags } from "../../workflow/resources";
import { prefixes } from "../../workflow/settings";
import { findArtifactBucket } from "../account/buckets";
import type { Environment } from "../account/environment";
import { UsageError } from "../terminal/errors";
import { type Format, followScoring, type ScoringJob, startScoring } from "./job";
import { modelToScore } from "./model";
import {
  objectsAt,
  refuseSplitHeaders,
  type ScoringObject,
  scoringInputUrl,
  scoringOutputUrl,
} from "./place";

export interface ScoreOptions {
  readonly output?: string;
  /** The version to score with; without it, the one that serves. */
  readonly version?: number;
  readonly format: Format;
  readonly instanceType: string;
  readonly instances: number;
  /** Seconds to wait for the job. */
  readonly timeout: number;
}

/** What a job wrote, and with which model. */
export interface Scored {
  readonly job: ScoringJob;
  readonly output: readonly ScoringObject[];
}

interface Listener {
  readonly signal?: AbortSignal;
  /** Hears of every look at the job. */
  readonly tell?: (progress: string) => void;
  /** Hears of each step once. */
  readonly say?: (line: string) => void;
}

/**
 * Scores what lies under a prefix; the job's own failure is told with its reason.
 *
 * @throws UsageError when there is nothing to score, or nothing to score it with; nothing was started then
 */
export async function scorePrefix(
  environment: Environment,
  input: string,
  options: ScoreOptions,
  { signal, tell, say }: Listener = {},
): Promise<Scored> {
  const { aws, baseName, workflow } = environment;
  const bucketName = await findArtifactBucket(environment);
  if (bucketName === undefined) {
    throw new UsageError(
      `Environment ${environment.name} has no artifact bucket: npm run deploy -- ${environment.name}`,
    );
  }
  const jobName = `${baseName}-score-${new Date().toISOString().replace(/[-:.TZ]/g, "")}`;
  const inputUrl = scoringInputUrl(input, bucketName);
  const outputUrl = scoringOutputUrl(options.output, bucketName, jobName);
  const objects = await objectsAt(aws, inputUrl);
  if (objects.length === 0) {
    throw new UsageError(
      `There is no object under ${inputUrl}: put CSV there, such as with aws s3 cp data.csv s3://${bucketName}/${prefixes.scoringInput}`,
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
  say?.(`${objects.length} objects, ${bytes(objects)}, with the model ${modelName}`);
  say?.(`transform job ${jobName}`);
  await followScoring(aws, jobName, { timeoutSeconds: options.timeout, signal, tell });
  return { job, output: await objectsAt(aws, outputUrl) };
}

export function scoredText({ job, output }: Scored): string {
  const width = Math.max(...output.map(({ key }) => key.length), 0);
  return [
    `Scored with ${job.modelName}, into ${job.outputUrl}`,
    ...output.map((object) => `  ${object.key.padEnd(width)}  ${bytes([object])}`),
  ].join("\n");
}

function bytes(objects: readonly ScoringObject[]): string {
  const total = objects.reduce((sum, { bytes }) => sum + bytes, 0);
  return total < 1024 * 1024 ? `${(total / 1024).toFixed(1)} KiB` : `${(total / 1024 / 1024).toFixed(1)} MiB`;
}
