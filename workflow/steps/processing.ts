/** Parts of the request for a processing job. */

import type { Jsonata, JsonObject } from "../asl/jsonata";
import type { JobSettings } from "../settings";

/** Where the job finds its code. */
export const codeFolder = "/opt/ml/processing/input/code";

/** The image has no entry point of its own for processing, and nothing unpacks or installs for it. */
export function entryPoint(codeKey: string): string[] {
  return [
    "/bin/bash",
    "-ec",
    `cd ${codeFolder}; tar -xzf "$0"; [ ! -f requirements.txt ] || pip install -q -r requirements.txt; exec python3 "$@"`,
    codeKey.slice(codeKey.lastIndexOf("/") + 1),
  ];
}

/** An input that every instance gets as a whole, before the script starts. */
export function wholeCopy(localPath: string) {
  return {
    LocalPath: localPath,
    S3DataType: "S3Prefix",
    S3InputMode: "File",
    S3DataDistributionType: "FullyReplicated",
  };
}

/** The one output of a job, uploaded when the script has ended. */
export function processingOutput(name: string, url: Jsonata, localPath: string): JsonObject {
  return {
    Outputs: [
      {
        OutputName: name,
        S3Output: { S3Uri: url, LocalPath: localPath, S3UploadMode: "EndOfJob" },
      },
    ],
  };
}

/** What the job runs on. */
export function processingResources(job: JobSettings): JsonObject {
  return {
    ClusterConfig: {
      InstanceCount: job.instanceCount,
      InstanceType: job.instanceType,
      VolumeSizeInGB: job.volumeSizeInGB,
    },
  };
}
