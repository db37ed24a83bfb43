/** `npm run dev` as a person uses it: what is saved runs again, from its step on. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ListBucketsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { Aws } from "../../cli/account/clients";
import { connectionTo, type EmulatorAddress, runningEmulators } from "../../cli/account/emulator-address";
import { until } from "../patience";

const folder = mkdtempSync(join(tmpdir(), "dev-"));
const scripts = join(folder, "scripts");
afterAll(() => rmSync(folder, { recursive: true }));

/** Replaces a text in a file, as an editor does when it saves. */
function edit(file: string, before: string, after: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(before);
  writeFileSync(path, text.replace(before, after));
}

const config = `
import { defineConfig } from ${JSON.stringify(resolve("configuration/define"))};

const folder = ${JSON.stringify(scripts)};

export default defineConfig({
  environments: { local: { region: "us-east-1", account: "123456789012" } },
  workflow: {
    prefix: "small",
    processing: { folder, entryPoint: "prepare.py" },
    training: { folder, entryPoint: "fit.py", hyperparameters: { behave: "well" } },
    inference: { folder, entryPoint: "serve.py" },
    gate: { metric: "score", threshold: 0 },
  },
  testRun: { executionInput: {}, sampleData: ${JSON.stringify(join(folder, "data"))}, instances: [[1]] },
});
`;

let command: ChildProcess;
let printed = "";
let shown = 0;

beforeAll(() => {
  cpSync("__tests__/runs/small-workflow", scripts, { recursive: true });
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data", "rows.csv"), "1,2\n");
  mkdirSync(join(folder, "own"));
  writeFileSync(join(folder, "own", "config.ts"), config);
  writeFileSync(join(folder, "small.config.ts"), 'export { default } from "./own/config";\n');
  command = spawn("node", ["--import", "tsx", "cli/main.ts", "dev", "--time-scale", "0.02"], {
    env: { ...process.env, WORKFLOW_CONFIG: join(folder, "small.config.ts") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const output of [command.stdout, command.stderr]) {
    output?.on("data", (chunk) => {
      printed += chunk;
    });
  }
});

afterAll(() => command.kill("SIGKILL"));

/** What is printed from here on until a text comes. */
async function printedUntil(text: string): Promise<string> {
  await until(
    () => printed.indexOf(text, shown) >= 0 || command.exitCode !== null,
    () => `${text} in:\n${printed}`,
  );
  const found = printed.slice(shown);
  shown = printed.length;
  return found;
}

const run = () => printedUntil("Waiting for a change");

it("runs the whole workflow first", async () => {
  const text = await run();
  expect(text).toMatch(
    /Run 1: the whole workflow\n[\s\S]*\n {2}DataPreprocessing +[\d.]+ s[\s\S]*\n {2}ModelTraining +[\d.]+ s/,
  );
  expect(text).toMatch(/\n {2}score {2}1\n[\s\S]*\n {2}In service after [\d.]+ s; it predicts 42\n/);
});

it("runs a training script with the data that is there, and shows its lines and its metrics beside the last", async () => {
  edit("scripts/fit.py", '{"score": 1.0}', '{"score": 1.5}');
  edit("scripts/fit.py", 'if behave == "hang"', 'print("a line of mine")\nif behave == "hang"');
  const text = await run();
  expect(text).toMatch(
    /scripts\/fit\.py changed\. Run 2: from ModelTraining, with what run 1 made\n {2}Prepare .*\n {2}│ a line of mine\n {2}ModelTraining/,
  );
  expect(text).not.toContain("DataPreprocessing");
  expect(text).toMatch(
    /\n +now +run 1 +difference\n {2}score +1\.5 +1 +\+0\.5\n {2}Metrics after [\d.]+ s, [\d.]*[1-9][\d.]* s of it in jobs\n/,
  );
});

it("goes on after a broken script, with file and line", async () => {
  edit("scripts/fit.py", 'print("a line of mine")', "print(misspelt)");
  const text = await run();
  const line = readFileSync(join(scripts, "fit.py"), "utf8").split("\n").indexOf("print(misspelt)") + 1;
  expect(text).toContain(
    `  ModelTraining failed: ${scripts}/fit.py:${line}: NameError: name 'misspelt' is not`,
  );
});

it("serves new inference code, in a model that is trained with it", async () => {
  edit("scripts/fit.py", "print(misspelt)\n", "");
  edit("scripts/serve.py", 'model["answer"]', 'model["answer"] + 1');
  const text = await run();
  expect(text).toMatch(/fit\.py, [^,]*serve\.py changed\. Run 4: from ModelTraining, with what run 1 made/);
  expect(text).toMatch(/score +1\.5 +1\.5 +0\n[\s\S]*it predicts 43\n/);
});

it("shows file and line of inference code that does not answer", async () => {
  edit("scripts/serve.py", 'model["answer"]', 'model["question"]');
  expect(await run()).toMatch(/\n {2}\S+\/serve\.py:\d+: KeyError: 'question'\n[\s\S]*did not respond/);
  edit("scripts/serve.py", 'model["question"]', 'model["answer"]');
  edit("scripts/serve.py", 'if model["failing"]', 'if "nonsense" in str(body) or model["failing"]');
  expect(await run()).toContain("it predicts 43");
});

it("shows what a request of one's own does to the endpoint while nothing runs", async () => {
  const address = runningEmulators().find(({ endpoint }) => printed.includes(`Emulator at ${endpoint} `));
  const aws = new Aws(connectionTo(address as EmulatorAddress));
  const request = { EndpointName: "small-local", ContentType: "text/plain", Body: "nonsense" };
  await expect(aws.runtime().send(new InvokeEndpointCommand(request))).rejects.toThrow("500");
  expect(await printedUntil("  RuntimeError")).toMatch(
    /A request failed in the endpoint: \S+\/serve\.py:16: RuntimeError: this model answers nothing\n {2}Traceback/,
  );
});

it("stops a run when something is saved, and takes over hyperparameters", async () => {
  edit("own/config.ts", 'behave: "well"', 'behave: "hang"');
  expect(await printedUntil("Run 7: from ModelTraining")).toContain(
    "settings of ModelTraining in config.ts changed",
  );
  edit("own/config.ts", 'behave: "hang"', 'behave: "better"');
  const text = await run();
  expect(text).toMatch(/Run 7 was stopped\.\n\n.*Run 8: from ModelTraining, with what run 1 made/);
  expect(text).toContain("it predicts 44");
});

it("says what is wrong with config.ts, and what it cannot take over", async () => {
  edit("own/config.ts", 'behave: "better" }', "behave: ");
  expect(await printedUntil("Unexpected")).toContain("own/config.ts:11");
  edit("own/config.ts", "behave: ", 'behave: "better" }');
  edit("own/config.ts", 'prefix: "small"', 'prefix: "other"');
  expect(await printedUntil("start it again")).toContain("the smoke test's examples and testRun can change");
  edit("own/config.ts", 'prefix: "other"', 'prefix: "small"');
});

it("runs the gate alone with other settings", async () => {
  edit("own/config.ts", "threshold: 0", "threshold: 2");
  const text = await run();
  expect(text).toMatch(/Run 9: from ModelEvaluation, with what run 8 made\n[\s\S]* now +run 8 /);
  expect(text).toContain("error: ModelPerformanceInsufficient");
  edit("own/config.ts", "threshold: 2", "threshold: 1");
  expect(await run()).toMatch(/Run 10: from ModelEvaluation[\s\S]*it predicts 44/);
});

it("prepares the data again with a new processing script", async () => {
  edit("scripts/prepare.py", '("train", "test", "holdout")', '("train", "test")');
  expect(await run()).toMatch(/prepare\.py changed\. Run 11: the whole workflow\n[\s\S]*DataPreprocessing/);
});

it("uploads data that was saved, and asks the endpoint other instances", async () => {
  writeFileSync(join(folder, "data", "more.csv"), "3,4\n");
  rmSync(join(folder, "data", "rows.csv"));
  expect(await run()).toMatch(/more\.csv, \S+rows\.csv changed\. Run 12: the whole workflow\n/);
  const address = runningEmulators().find(({ endpoint }) => printed.includes(`Emulator at ${endpoint} `));
  const { s3 } = new Aws(connectionTo(address as EmulatorAddress));
  const { Buckets = [] } = await s3().send(new ListBucketsCommand({ Prefix: "small-local-" }));
  const raw = { Bucket: Buckets[0]?.Name, Prefix: "raw-data/" };
  const { Contents = [] } = await s3().send(new ListObjectsV2Command(raw));
  expect(Contents.map(({ Key }) => Key)).toEqual(["raw-data/more.csv"]);
  edit("own/config.ts", "instances: [[1]]", "instances: [[1], [2]]");
  // This model predicts once, whatever it is asked.
  expect(await run()).toMatch(/Run 13: from ModelEvaluation[\s\S]*must return 2 predictions, got \{"pred/);
});

it("ends on Ctrl-C with its emulator, and says so in one line", async () => {
  const [, address = ""] = /Emulator at (http:\S+)/.exec(printed) ?? [];
  expect((await fetch(`${address}/_emulator`)).status).toBe(200);
  edit("scripts/fit.py", '{"score": 1.5}', '{"score": 2}');
  await printedUntil("Run 14");
  command.kill("SIGINT");
  const [code] = await once(command, "close");
  expect(code).toBe(0);
  expect(printed.slice(shown)).toMatch(
    /(^|\n)Stopped: the emulator and everything that ran in it have ended\n$/,
  );
  expect(printed.slice(shown)).not.toContain("was stopped");
  await expect(fetch(`${address}/_emulator`)).rejects.toThrow();
});
