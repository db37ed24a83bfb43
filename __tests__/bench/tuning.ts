/**
 * A search of 12 training jobs, two at a time, in the emulator, against the same 12 scripts without it:
 * `node --import tsx __tests__/bench/tuning.ts`. Nothing is asserted here.
 */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageEnvironment, prepareEnvironments } from "../../cli/emulator/python";
import { SampleData } from "../../cli/execution/sample-data";
import { projectRoot } from "../../cli/paths";
import { readTuningRun } from "../../cli/tuning/run";
import { TestCloud } from "../runs/cloud";

const jobs = 12;
const parallel = 2;
const folder = "python/scripts";
const hyperparameters = {
  "n-estimators": 100,
  "max-depth": 10,
  "min-samples-split": 5,
  "random-state": 42,
};

const props = {
  prefix: "bench",
  environment: "local",
  processing: { folder, entryPoint: "preprocessing.py" },
  training: { folder, entryPoint: "training.py", hyperparameters, metrics: ["test_r2"] },
  inference: { folder, entryPoint: "inference.py" },
  gate: { metric: "test_r2", threshold: 0 },
  tuning: {
    ranges: {
      "n-estimators": { kind: "integer", min: 20, max: 100 },
      "max-depth": { kind: "integer", min: 4, max: 16 },
    },
    strategy: "random",
    maxJobs: jobs,
    maxParallelJobs: parallel,
    seed: 1,
  },
} as const;

const seconds = (since: number) => (performance.now() - since) / 1000;

function run(python: string, ...args: string[]): Promise<void> {
  return new Promise((settle, fail) => {
    const child = spawn(python, args, { cwd: projectRoot, stdio: ["ignore", "ignore", "inherit"] });
    child.on("close", (code) => (code === 0 ? settle() : fail(new Error(`${args[0]} ended with ${code}`))));
  });
}

/** Runs the training script once for each set of hyperparameters, as many at a time as the search does. */
async function bare(
  python: string,
  place: string,
  sets: readonly Readonly<Record<string, string | number>>[],
): Promise<number> {
  const input = ["--input-data", `${place}/raw`, "--output-data", `${place}/data`];
  await run(python, `${folder}/generate_sample_data.py`, "--output-dir", `${place}/raw`);
  await run(python, `${folder}/preprocessing.py`, ...input);
  const waiting = [...sets.entries()];
  const started = performance.now();
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, values] = next;
      const [model, output] = [`${place}/model-${number}`, `${place}/output-${number}`];
      for (const path of [model, output]) mkdirSync(path);
      await run(
        python,
        `${folder}/training.py`,
        ...["--train", `${place}/data/train`, "--test", `${place}/data/test`],
        ...["--model-dir", model, "--output-data-dir", output],
        ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, `${value}`]),
      );
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return seconds(started);
}

async function main(): Promise<void> {
  const environments = await prepareEnvironments(["emulator", imageEnvironment]);
  const python = environments[imageEnvironment]?.python as string;
  const place = mkdtempSync(join(tmpdir(), "bench-tuning-"));
  const cloud = await TestCloud.start();
  try {
    const data = await SampleData.get(undefined, python, () => {});
    const workflow = await cloud.deploy(props);
    await data.upload(cloud.aws, workflow.bucketName, "raw-data/");
    await data.remove();
    const { visits } = await workflow.run();
    const visit = visits.find(({ name }) => name === "ModelTuning");
    if (visit?.endedAt === undefined) throw new Error("There was no tuning job that ended");
    const emulated = (visit.endedAt.getTime() - visit.startedAt.getTime()) / 1000;
    const search = await readTuningRun({ aws: cloud.aws, workflow: props }, visit.job);
    const ended = search.jobs.filter(({ status }) => status === "Completed");
    const alone = await bare(
      python,
      place,
      ended.map((job) => ({ ...hyperparameters, ...job.hyperparameters })),
    );
    console.log(
      `${ended.length} training jobs of a tuning job, ${parallel} at a time: ${emulated.toFixed(1)} s, ` +
        `${(emulated / alone).toFixed(2)} × the bare scripts (${alone.toFixed(1)} s)`,
    );
  } finally {
    await cloud.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
