import { spawn } from "node:child_process";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Aws } from "./aws";
import { FailedError } from "./errors";
import { projectRoot } from "./python";

/**
 * Makes the recipe's sample data and uploads it under `prefix`.
 *
 * @param python an interpreter with scikit-learn
 * @param onProgress gets what the script says: above all, where the data comes from
 */
export async function uploadSampleData(
  aws: Aws,
  python: string,
  bucketName: string,
  prefix: string,
  onProgress: (line: string) => void = () => {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sample-data-"));
  try {
    await generate(python, folder, onProgress);
    await Promise.all(
      readdirSync(folder).map((name) =>
        aws.s3().send(
          new PutObjectCommand({
            Bucket: bucketName,
            Key: `${prefix}${name}`,
            Body: createReadStream(join(folder, name)),
            ContentLength: statSync(join(folder, name)).size,
            ContentType: "text/csv",
          }),
        ),
      ),
    );
  } finally {
    await rm(folder, { recursive: true });
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
