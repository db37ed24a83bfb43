import { spawn } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { DeleteObjectCommand, PutObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { sampleFiles } from "../../configuration/sample-data";
import type { Aws } from "../account/clients";
import { projectRoot } from "../paths";
import { FailedError } from "../terminal/errors";

/** Sample data in a folder: one in the project, or a temporary one. */
export class SampleData {
  private constructor(
    private readonly folder: string,
    private readonly temporary: boolean,
  ) {}

  /** Uses the files in `folder`, or creates the recipe's data if there is no folder. */
  static async get(
    folder: string | undefined,
    python: string,
    onProgress: (line: string) => void,
  ): Promise<SampleData> {
    if (folder === undefined) return await SampleData.generate(python, onProgress);
    onProgress(`Data from ${folder}`);
    return new SampleData(folder, false);
  }

  /**
   * Creates the data.
   *
   * @param python an interpreter with scikit-learn
   * @param onProgress called with each line that the script prints, such as the data's source
   * @throws FailedError if the script fails, with its last lines
   */
  private static async generate(python: string, onProgress: (line: string) => void): Promise<SampleData> {
    const data = new SampleData(await mkdtemp(join(tmpdir(), "sample-data-")), true);
    try {
      await generate(python, data.folder, onProgress);
      return data;
    } catch (error) {
      await data.remove();
      throw error;
    }
  }

  /** Uploads every file under `prefix`. */
  async upload(aws: Aws, bucketName: string, prefix: string): Promise<void> {
    await upload(aws, bucketName, prefix, this.folder);
  }

  async remove(): Promise<void> {
    if (this.temporary) await rm(this.folder, { recursive: true, force: true });
  }
}

async function upload(aws: Aws, Bucket: string, prefix: string, folder: string): Promise<void> {
  await Promise.all(
    sampleFiles(folder).map((name) =>
      aws.s3().send(
        new PutObjectCommand({
          Bucket,
          Key: `${prefix}${name}`,
          Body: createReadStream(join(folder, name)),
          ContentLength: statSync(join(folder, name)).size,
          ContentType: "text/csv",
        }),
      ),
    ),
  );
}

/** Uploads the files of a folder, and removes what else is under `prefix`. */
export async function replaceData(aws: Aws, Bucket: string, prefix: string, folder: string): Promise<void> {
  await upload(aws, Bucket, prefix, folder);
  const kept = new Set(sampleFiles(folder).map((name) => `${prefix}${name}`));
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: aws.s3() },
    { Bucket, Prefix: prefix },
  )) {
    for (const { Key = "" } of Contents) {
      if (!kept.has(Key)) await aws.s3().send(new DeleteObjectCommand({ Bucket, Key }));
    }
  }
}

async function generate(python: string, folder: string, onProgress: (line: string) => void): Promise<void> {
  const script = resolve(projectRoot, "python/scripts/generate_sample_data.py");
  const { SCIKIT_LEARN_DATA: cache, ...environment } = process.env;
  const child = spawn(python, [script, "--output-dir", folder], {
    // scikit-learn would create a missing folder, and resolve a relative one from its working directory.
    env: cache !== undefined && isAbsolute(cache) && existsSync(cache) ? process.env : environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      onProgress(line);
    });
  }
  const code = await new Promise((settle) => child.on("close", settle));
  if (code !== 0) throw new FailedError(`Cannot create the sample data:\n${lines.slice(-5).join("\n")}`);
}
