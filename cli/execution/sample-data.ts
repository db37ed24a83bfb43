import { spawn } from "node:child_process";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Aws } from "../account/clients";
import { projectRoot } from "../paths";
import { FailedError, UsageError } from "../terminal/errors";

/** Sample data in a folder: one of the project's, or one that lasts until it is removed. */
export class SampleData {
  private constructor(
    private readonly folder: string,
    private readonly temporary: boolean,
  ) {}

  /** Takes the files in `folder`, or makes the recipe's data where no folder is given. */
  static async get(
    folder: string | undefined,
    python: string,
    onProgress: (line: string) => void,
  ): Promise<SampleData> {
    if (folder === undefined) return await SampleData.generate(python, onProgress);
    if (!existsSync(folder))
      throw new UsageError(`testRun.sampleData in config.ts is ${folder}, which does not exist`);
    onProgress(`Data from ${folder}`);
    return new SampleData(folder, false);
  }

  /**
   * Makes the data.
   *
   * @param python an interpreter with scikit-learn
   * @param onProgress gets what the script says: above all, where the data comes from
   * @throws FailedError when there is none; its message holds the script's last lines
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
    await Promise.all(
      readdirSync(this.folder).map((name) =>
        aws.s3().send(
          new PutObjectCommand({
            Bucket: bucketName,
            Key: `${prefix}${name}`,
            Body: createReadStream(join(this.folder, name)),
            ContentLength: statSync(join(this.folder, name)).size,
            ContentType: "text/csv",
          }),
        ),
      ),
    );
  }

  async remove(): Promise<void> {
    if (this.temporary) await rm(this.folder, { recursive: true, force: true });
  }
}

async function generate(python: string, folder: string, onProgress: (line: string) => void): Promise<void> {
  const script = resolve(projectRoot, "python/scripts/generate_sample_data.py");
  const { SCIKIT_LEARN_DATA: cache, ...environment } = process.env;
  const child = spawn(python, [script, "--output-dir", folder], {
    // scikit-learn would make the folder, and take a relative one as seen from wherever it runs.
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
  if (code !== 0) throw new FailedError(`The sample data could not be made:\n${lines.slice(-5).join("\n")}`);
}
