/** Parts of a processing job's request. */

import type { Jsonata, JsonObject } from "../asl/jsonata";
import type { JobSettings } from "../settings";

/** The location of the job's code. */
export const codeFolder = "/opt/ml/processing/input/code";

/** The entry point, because the image has none for processing, and nothing else unpacks the code or installs its requirements. */
export function entryPoint(codeKey: string): string[] {
  return [
    "/bin/bash",
    "-ec",
    `cd ${codeFolder}; tar -xzf "$0"; [ ! -f requirements.txt ] || pip install -q -r requirements.txt; exec python3 "$@"`,
    codeKey.slice(codeKey.lastIndexOf("/") + 1),
  ];
}

/** An input that every instance gets completely, before the script starts. */
export function wholeCopy(localPath: string) {
  return {
    LocalPath: localPath,
    S3DataType: "S3Prefix",
    S3InputMode: "File",
    S3DataDistributionType: "FullyReplicated",
  };
}

/** The output of a job, uploaded after the script has ended. */
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

/** The instances of the job. */
export function processingResources(job: JobSettings): JsonObject {
  return {
    ClusterConfig: {
      InstanceCount: job.instanceCount,
      InstanceType: job.instanceType,
      VolumeSizeInGB: job.volumeSizeInGB,
    },
  };
}
