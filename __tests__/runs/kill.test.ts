/** SIGKILL of what runs for a state of the workflow, and the documented way to go on. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { DeleteObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { DescribeStateMachineCommand } from "@aws-sdk/client-sfn";
import { runningEmulators } from "../../cli/account/emulator-address";
import type { ExecutionResult } from "../../cli/execution/execution";
import { executionOutput } from "../../cli/execution/report";
import { projectRoot } from "../../cli/paths";
import { readTuningRun } from "../../cli/tuning/run";
import { evaluationFunctionName, smokeTestFunctionName } from "../../workflow/names";
import { until } from "../patience";
import { failureOf, jobsOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { kill, killInvoked, processesOf } from "./processes";
import { smallComparison, smallTuning, smallWorkflow } from "./small-workflow";

const props = smallWorkflow("kill", {
  comparison: smallComparison,
  smokeTest: { examples: [{ instances: [[1]], low: 0, high: 100 }] },
});

let cloud: TestCloud;
let workflow: TestWorkflow;
let undisturbed: ExecutionResult;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
  undisturbed = await workflow.run();
  expect(failureOf(undisturbed)).toEqual(succeeded);
});

afterAll(() => cloud?.stop());

const processes = (text: string) => processesOf(cloud, text);

/** Removes the objects whose keys end so. */
async function remove(end: string): Promise<void> {
  const { bucketName: Bucket, aws } = workflow;
  const { Contents = [] } = await aws.s3().send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents.filter((object) => object.Key?.endsWith(end))) {
    await aws.s3().send(new DeleteObjectCommand({ Bucket, Key }));
  }
}

interface Case {
  readonly hang?: string;
  readonly input?: object;
  /** The script that is killed. */
  readonly script?: string;
  /** The function that is killed. */
  readonly function?: string;
  readonly error: string;
  readonly reason: string;
  /** The stage to go on at; a new execution without one. */
  readonly from?: "ModelTraining" | "ModelEvaluation";
}

const cases: Readonly<Record<string, Case>> = {
  DataPreprocessing: {
    hang: "hang",
    script: "prepare.py",
    error: "ProcessingJobFailed",
    reason: "exit code: 137",
  },
  ModelTraining: {
    input: { HyperParameters: { behave: "hang" } },
    script: "fit.py",
    error: "TrainingJobFailed",
    reason: "ExitCode 137",
    from: "ModelTraining",
  },
  ModelComparison: {
    hang: "hang-comparison",
    script: "compare.py",
    error: "ComparisonFailed",
    reason: "exit code: 137",
    from: "ModelEvaluation",
  },
  ModelEvaluation: {
    function: evaluationFunctionName(props),
    error: "EvaluationFailed",
    reason: "Runtime exited with error: signal: killed",
    from: "ModelEvaluation",
  },
  SmokeTest: {
    function: smokeTestFunctionName(props),
    error: "RolledBack",
    reason: "Runtime exited with error: signal: killed",
    from: "ModelEvaluation",
  },
};

it("every state that runs code of the workflow is killed here; the others are calls of a service", async () => {
  const { definition = "" } = await workflow.aws
    .sfn()
    .send(new DescribeStateMachineCommand({ stateMachineArn: workflow.stateMachineArn }));
  const states = Object.entries(JSON.parse(definition).States as Record<string, { Resource?: string }>);
  const running = states.filter(([, { Resource = "" }]) => /\.sync|lambda:invoke/.test(Resource));
  expect(running.map(([name]) => name).sort()).toEqual(Object.keys(cases).sort());
});

it.each(Object.keys(cases))("%s", async (state) => {
  const { hang, input = {}, script, function: name, error, reason, from } = cases[state] as Case;
  const DataPrefix = `raw-data/${state}/`;
  await workflow.upload(`${DataPrefix}data.csv`, "1\n");
  if (hang !== undefined) await workflow.upload(`${DataPrefix}${hang}`, "1\n");
  const run = () => workflow.run({ ...input, DataPrefix });
  const killed =
    name === undefined
      ? (await Promise.all([run(), kill(cloud, script as string)]))[0]
      : await killInvoked(cloud, name, run);
  expect(failureOf(killed)).toMatchObject({
    error,
    cause: { state, reason: expect.stringContaining(reason) },
  });
  if (hang !== undefined) await remove(`/${hang}`);

  const ProcessingJobName = jobsOf(killed, "DataPreprocessing").at(-1);
  const TrainingJobName = jobsOf(killed, "ModelTraining").at(-1);
  const earlier = { ProcessingJobName, ...(from === "ModelEvaluation" && { TrainingJobName }) };
  const after = await workflow.run(
    from === undefined ? { DataPrefix } : { From: { State: from, ...earlier } },
  );
  expect(failureOf(after)).toEqual(succeeded);
  expect(executionOutput(after).Metrics).toEqual(executionOutput(undisturbed).Metrics);
  for (const name of ["DataPreprocessing", "ModelTraining", "ModelComparison"]) {
    const jobs = [killed, after].flatMap((one) => jobsOf(one, name));
    // What was done before the kill is not done again; a stage compares its copy of the model itself.
    const again = name === state || (name === "ModelComparison" && from === "ModelEvaluation");
    expect([name, jobs.length]).toEqual([name, again ? 2 : 1]);
  }
  const endpoint = await workflow.aws
    .sagemaker()
    .send(new DescribeEndpointCommand({ EndpointName: "kill-test" }));
  expect(endpoint.EndpointStatus).toBe("InService");
  for (const script of ["prepare.py", "fit.py", "compare.py"]) expect(processes(script)).toEqual([]);
});

it("a training job of a tuning job: the others go on, and the best of them is released", async () => {
  const tuned = smallWorkflow("killtune", smallTuning);
  const tuning = await cloud.deploy(tuned);
  await tuning.upload("raw-data/data.csv", "1\n");
  const undisturbed = executionOutput(await tuning.run());
  const run = tuning.run({ HyperParameters: { behave: "hang-first" } });
  await kill(cloud, "-001-");
  const { Metrics, TrainingJobName } = executionOutput(await run);
  expect(TrainingJobName).not.toContain("-001-");
  expect(Metrics).toEqual(undisturbed.Metrics);
  const { jobs } = await readTuningRun({ aws: cloud.aws, workflow: tuned });
  expect(jobs.map(({ status }) => status).sort()).toEqual(["Completed", "Completed", "Completed", "Failed"]);
  expect(jobs.find(({ status }) => status === "Failed")?.reason).toContain("137");
});

/** All processes that a process has started, and those that they have. */
function descendants(pid: number): number[] {
  const children = readdirSync("/proc").filter((name) => {
    try {
      return (
        readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /, "")
          .split(" ")[1] === `${pid}`
      );
    } catch {
      return false; // no process, or one that has ended meanwhile
    }
  });
  return children.flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

it("npm start: its emulator ends, with all that runs in it", async () => {
  const starter = spawn(process.execPath, ["--import", "tsx", "cli/main.ts", "start"], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let shown = "";
  starter.stdout.on("data", (chunk) => {
    shown += chunk;
  });
  await until(
    () => shown.includes("DataPreprocessing"),
    () => shown,
  );
  // The line comes at the job's end: another has to run.
  const running = () => descendants(starter.pid as number);
  await until(() => running().length > 2, running);
  const started = running();
  starter.kill("SIGKILL");
  const left = () => started.filter((pid) => existsSync(`/proc/${pid}`));
  await until(() => left().length === 0, left);
});

/** Where the emulator is killed: what runs then, and the input that lets it run for a while. */
const moments = {
  DataPreprocessing: { runs: "prepare.py", data: "hang", input: {} },
  ModelTraining: { runs: "fit.py", data: "more.csv", input: { HyperParameters: { behave: "hang" } } },
  CheckEndpoint: { runs: "SAGEMAKER_PROGRAM=serve.py", data: "more.csv", input: {} },
} as const;

describe("the emulator", () => {
  const folders = (pid: number) =>
    [".", "addresses"].flatMap((folder) =>
      readdirSync(`${projectRoot}/.emulator/${folder}`).filter((name) =>
        name.match(new RegExp(`^(run-)?${pid}\\b`)),
      ),
    );

  it.each(Object.keys(moments))(
    "killed in %s leaves nothing, and the next one starts at once",
    async (state) => {
      const { runs, data, input } = moments[state as keyof typeof moments];
      await workflow.upload(`raw-data/${data}`, "1\n");
      const others = processes(runs).length;
      const run = workflow.run(input).catch(() => "gone");
      await until(() => processes(runs).length > others, runs);
      const endpoint = cloud.variables.AWS_ENDPOINT_URL;
      const pid = runningEmulators().find((one) => one.endpoint === endpoint)?.pid as number;
      expect(folders(pid)).toHaveLength(2);
      process.kill(pid, "SIGKILL");
      await until(
        () => processes("").length === 0,
        () => processes(""),
      );
      expect(await run).toBe("gone");
      cloud = await TestCloud.start();
      expect(folders(pid)).toEqual([]);
      workflow = await cloud.deploy(props);
      await workflow.upload("raw-data/data.csv", "1\n");
    },
  );

  it("runs the workflow after that as it does undisturbed", async () => {
    const after = await workflow.run();
    expect(failureOf(after)).toEqual(succeeded);
    expect(executionOutput(after).Metrics).toEqual(executionOutput(undisturbed).Metrics);
  });
});
