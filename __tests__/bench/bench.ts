/**
 * What the project adds to what it runs: `npm run bench`.
 *
 * Each command is run in turn with its baseline, so that a busy machine slows both. Nothing is asserted here.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageEnvironment, prepareEnvironments } from "../../cli/emulator/python";
import { synthesizedEnvironment } from "../../configuration/names";

/** Seconds of wall time, and of processor time with that of all children that were waited for. */
interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

interface Comparison {
  readonly name: string;
  readonly command: string;
  readonly baselineName: string;
  readonly baseline: string;
}

const root = join(__dirname, "../..");

const stopwatch = `
import resource, subprocess, sys, time
started = time.monotonic()
ended = subprocess.run(["bash", "-c", sys.argv[1]], stdin=-3, stdout=-3, stderr=-3)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.monotonic() - started, used.ru_utime + used.ru_stime)
sys.exit(ended.returncode)
`;

function spent(python: string, command: string): Spent {
  const { status, stdout } = spawnSync(python, ["-c", stopwatch, command], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`This ended with ${status}: ${command}`);
  const [wall, cpu] = stdout.split(" ").map(Number) as [number, number];
  return { wall, cpu };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

function compare(
  python: string,
  { name, command, baselineName, baseline }: Comparison,
  rounds: number,
): void {
  // The first round fills caches and is not counted.
  const pairs = Array.from(
    { length: rounds + 1 },
    () => [spent(python, command), spent(python, baseline)] as const,
  ).slice(1);
  for (const kind of ["wall", "cpu"] as const) {
    const [mine, theirs] = [
      median(pairs.map(([one]) => one[kind])),
      median(pairs.map(([, one]) => one[kind])),
    ];
    console.log(
      `${name.padEnd(28)} ${kind.padEnd(4)} ${mine.toFixed(2).padStart(7)} s  ${(mine / theirs).toFixed(2).padStart(6)} × ${baselineName} (${theirs.toFixed(2)} s)`,
    );
  }
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`The number of rounds must be a whole number from 1, got ${process.argv[2]}`);
  }
  const { emulator, [imageEnvironment]: scripts } = await prepareEnvironments(["emulator", imageEnvironment]);
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const run = (script: string, more: string) => `${scripts?.python} python/scripts/${script}.py ${more}`;
  const bare = [
    run("generate_sample_data", `--output-dir ${folder}/raw`),
    run("preprocessing", `--input-data ${folder}/raw --output-data ${folder}/data`),
    run(
      "training",
      `--train ${folder}/data/train --test ${folder}/data/test --model-dir ${folder}/model --output-data-dir ${folder}/output`,
    ),
  ].join(" && ");
  const clean = `mkdir -p ${folder}/model ${folder}/output`;
  const comparisons: Comparison[] = [
    {
      name: "npm start",
      command: "npm start",
      baselineName: "the bare scripts",
      baseline: `${clean} && ${bare}`,
    },
    {
      name: "emulator, ready and stopped",
      command: `cd python && ${emulator?.python} -m emulator --state-dir ${folder}/state --exit-with-stdin </dev/null`,
      baselineName: "importing boto3 and flask",
      baseline: `${emulator?.python} -c 'import boto3, flask'`,
    },
    {
      name: "npm start -- --help",
      command: "node --import tsx cli/main.ts start --help",
      baselineName: "node",
      baseline: "node -e 0",
    },
    ...[
      { name: "all stacks", command: "node synthesize.js" },
      { name: "stacks of one environment", command: `${synthesizedEnvironment}=dev node synthesize.js` },
    ].map((synthesis) => ({
      ...synthesis,
      baselineName: 'require("cdktf")',
      baseline: `node -e 'require("cdktf")'`,
    })),
  ];
  try {
    for (const comparison of comparisons) compare(emulator?.python as string, comparison, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
