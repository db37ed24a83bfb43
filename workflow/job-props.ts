/** The props of scripts and of jobs, and their defaults. */

import { checkedWaitForCapacity } from "./asl/capacity";
import type { JobSettings } from "./settings";

/** A script: a folder of code, and its entry point. A `requirements.txt` in the folder is installed. */
export interface ScriptProps {
  /** Path of the folder, relative to the project. */
  readonly folder: string;
  /** File name inside the folder. */
  readonly entryPoint: string;
}

/** The instances of a job. */
export interface JobProps extends ScriptProps {
  /** @default "ml.m5.large" */
  readonly instanceType?: string;
  /** @default 1 */
  readonly instanceCount?: number;
  /** @default 30 */
  readonly volumeSizeInGB?: number;
  /** @default 3600 */
  readonly maxRuntimeInSeconds?: number;
  /**
   * How long to wait, in all, while a quota is used up, SageMaker has no instances, or calls are throttled: 0 to a week
   * (docs/training-capacity.md).
   *
   * @default 7200
   */
  readonly waitForCapacityInSeconds?: number;
}

/** The keys of the workflow's jobs in its props. */
export type JobName = "processing" | "training" | "comparison" | "monitor";

/**
 * Fills in the defaults of a job.
 *
 * @throws Error that names the prop if a value is invalid
 */
export function jobSettings(name: JobName, job: JobProps): Omit<JobSettings, "codeKey"> {
  return {
    entryPoint: job.entryPoint,
    instanceType: job.instanceType ?? "ml.m5.large",
    instanceCount: atLeastOne(`${name}.instanceCount`, job.instanceCount ?? 1),
    volumeSizeInGB: atLeastOne(`${name}.volumeSizeInGB`, job.volumeSizeInGB ?? 30),
    maxRuntimeInSeconds: atLeastOne(`${name}.maxRuntimeInSeconds`, job.maxRuntimeInSeconds ?? 3600),
    waitForCapacityInSeconds: checkedWaitForCapacity(name, job.waitForCapacityInSeconds),
  };
}

/** @throws Error that names the prop if its value is not a whole number of 1 or more */
export function atLeastOne(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${name} must be a whole number of 1 or more, got ${value}`);
  }
  return value;
}
