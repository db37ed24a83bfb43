import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { Construct } from "constructs";
import { contentHash } from "../source-files";
import { codeKey } from "../workflow/bucket";
import type { ArtifactBucket } from "./artifact-bucket";
import { sourceArchive } from "./source-archive";

export interface ScriptBundleProps {
  readonly bucket: ArtifactBucket;
  /** Folder of code, relative to the project; `source-files.ts` defines what counts as code. */
  readonly folder: string;
}

/** A folder of code as one tar.gz in the bucket, under a key that changes with its content. */
export class ScriptBundle extends Construct {
  readonly key: string;

  constructor(scope: Construct, id: string, { bucket, folder }: ScriptBundleProps) {
    super(scope, id);
    this.key = codeKey(folder, contentHash(folder));
    new S3Object(this, "Resource", {
      bucket: bucket.bucketName,
      key: this.key,
      source: sourceArchive(this, folder, "tar.gz").outputPath,
      contentType: "application/gzip",
    });
  }
}
