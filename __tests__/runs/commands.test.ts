/** The commands as a person types them, against an emulator: what they print, and their exit codes. */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import {
  DescribeModelPackageCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
} from "@aws-sdk/client-sagemaker";
import { objectAt } from "../../cli/account/objects";
import { workflowProps } from "../../configuration";
import { TestCloud } from "./cloud";
import { housingCsv } from "./housing-data";

let cloud: TestCloud;
const folder = mkdtempSync(join(tmpdir(), "commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  cloud = await TestCloud.start();
  const props = { ...workflowProps("local"), endpoint: { capture: { percentage: 50 } } };
  const workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/train.csv", housingCsv(400, 1));
  await workflow.upload("raw-data/test.csv", housingCsv(100, 2));
});

afterAll(() => cloud?.stop());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command; once it has printed the text `interruptAfter`, it gets the signal: that of Ctrl-C. */
function command(
  args: readonly string[],
  interruptAfter?: string,
  signal: NodeJS.Signals = "SIGINT",
): Promise<Ended> {
  const child = spawn("node", ["--import", "tsx", "cli/main.ts", ...args], {
    env: { ...process.env, ...cloud.variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let interrupted = false;
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (!interrupted && interruptAfter !== undefined && stdout.includes(interruptAfter)) {
      interrupted = child.kill(signal);
    }
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((settle) => child.on("close", (code) => settle({ code, stdout, stderr })));
}

const quick = ["--input", '{"HyperParameters": {"n-estimators": 5}}'];

it("has no log of an endpoint before there is one", async () => {
  const { code, stdout, stderr } = await command(["logs"]);
  expect([code, stdout, stderr]).toEqual([0, "", expect.stringContaining("yet\n")]);
});

describe("execute", () => {
  it("shows each state as a line where there is no terminal, then the report", async () => {
    const { code, stdout } = await command(["execute", "--name", "first", ...quick]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/› ModelTraining +[\d.]+ s {2}housing-local-train-first-[0-9a-f]{8}-1-0\n/);
    expect(stdout).toMatch(/ {2}test_r2 +0\.\d+\n[\s\S]* {2}predictions +[\d.]+, [\d.]+\n/);
  });

  it("refuses a name that was used", async () => {
    const { code, stderr } = await command([
      "execute",
      "--name",
      "first",
      ...quick,
      "--input",
      '{"Threshold": 0}',
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--name must be new, but the execution first already exists"),
    ]);
  });

  it("follows an execution that has ended, and prints JSON and nothing else for machines", async () => {
    const { code, stdout } = await command(["execute", "--attach", "first", "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      status: "SUCCEEDED",
      predictions: [expect.any(Number), expect.any(Number)],
    });
    expect(report.states.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["DataPreprocessing", "ModelTraining", "CreateEndpoint"]),
    );
  });

  it("tells of a failure by state, reason and the last lines of the job's log", async () => {
    const output = join(folder, "report.json");
    const { code, stdout, stderr } = await command([
      ...["execute", "--output", output],
      "--input",
      '{"HyperParameters": {"max-depth": "deep"}}',
    ]);
    expect(code).toBe(1);
    // Once, and without a tick.
    expect(`${stdout}${stderr}`.match(/error: TrainingJobFailed/g)).toHaveLength(1);
    expect(stdout).not.toMatch(/✔ Execution/);
    expect(JSON.parse(readFileSync(output, "utf8"))).toMatchObject({
      status: "FAILED",
      failure: { error: "TrainingJobFailed", logOf: "job" },
    });
    expect(stderr).toMatch(
      /state: ModelTraining\n {2}error: TrainingJobFailed\n {2}job: housing-local-train-/,
    );
    expect(stderr).toMatch(/last lines of the job's log:[\s\S]*argument --max-depth/);
  });

  it("stops waiting when it takes too long: nobody knows the outcome yet", async () => {
    const { code, stdout, stderr } = await command([
      ...["execute", "--name", "slow", "--timeout", "0.1", "--json"],
      ...quick,
    ]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("--attach slow")]);
    expect(JSON.parse(stdout)).toMatchObject({ status: "UNKNOWN", execution: { name: "slow" } });
    expect((await command(["execute", "--attach", "slow", "--json"])).code).toBe(0);
  });

  it("leaves the execution to itself on Ctrl-C, and says how to follow it again", async () => {
    const { code, stderr } = await command(["execute", "--name", "left", ...quick], "Prepare");
    expect([code, stderr]).toEqual([130, expect.stringContaining("--attach left")]);
    expect((await command(["execute", "--attach", "left", "--json"])).code).toBe(0);
  });

  it("can be killed: the execution goes on, and is followed again", async () => {
    const { code } = await command(["execute", "--name", "killed", ...quick], "Prepare", "SIGKILL");
    expect(code).toBeNull();
    const [killed, first] = await Promise.all(
      ["killed", "first"].map((name) => command(["execute", "--attach", name, "--json"])),
    );
    expect(killed?.code).toBe(0);
    const metrics = (ended?: Ended) => JSON.parse(ended?.stdout ?? "{}").metrics;
    expect(metrics(killed)).toEqual(metrics(first));
    expect(metrics(first)).toHaveProperty("test_r2");
  });

  it("says so when there is no such execution", async () => {
    const { code, stderr } = await command(["execute", "--attach", "nowhere"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(" does not exist")]);
  });
});

describe("status", () => {
  it("shows what the recipe's validation looks at", async () => {
    const { stdout } = await command(["status", "--json"]);
    const status = JSON.parse(stdout);
    expect(status.executions).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: "first", status: "SUCCEEDED" })]),
    );
    expect(status.endpoints).toEqual([
      expect.objectContaining({
        name: "housing-local",
        status: "InService",
        instances: "primary: 1 × ml.t2.medium, weight 1",
        capture: expect.stringMatching(/^50 % in s3:\/\/housing-local-\w+\/data-capture\/housing-local\/$/),
      }),
    ]);
    expect(status.objects["raw-data/"].count).toBe(2);
    expect(status.metrics.training_samples).toBe(400);
    const serving = status.versions.filter(({ inService }: { inService: boolean }) => inService);
    expect(serving).toEqual([expect.objectContaining({ approval: "Approved", passesGate: true })]);
    const text = (await command(["status"])).stdout;
    expect(text).toMatch(/\nVersions\n {2}version \d+ is in service\n/);
    expect(text).toMatch(/SUCCEEDED +first/);
    expect(text).toMatch(/InService +housing-local .*, captures 50 % in s3:/);
  });
});

describe("versions, approve and rollback", () => {
  it("lists the versions, and which one is in service", async () => {
    const { code, stdout } = await command(["versions"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ 1 {2}Approved +test_r2 0\.\d{1,4} > 0\.\d+ .* first\n/);
    expect(stdout.match(/ {2}in service$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/\nIn local, version \d+ is in service\n$/);
  });

  it("puts an older version in service again", async () => {
    const { code, stdout } = await command(["rollback", "local", "1", "--yes"]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("Version 1 is in service. All versions: npm run versions -- local"),
    ]);
    expect((await command(["versions"])).stdout).toMatch(/ 1 {2}Approved .* in service\n/m);
    const { releases } = JSON.parse((await command(["status", "--json"])).stdout);
    expect(releases).toEqual([expect.objectContaining({ status: "SUCCEEDED" })]);
    const again = await command(["rollback", "local", "1", "--yes"]);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining("Version 1 is already in service"),
    ]);
    const anyway = await command(["rollback", "local", "1", "--again", "--yes"]);
    expect([anyway.code, anyway.stdout]).toEqual([0, expect.stringContaining("Version 1 is in service.")]);
  });

  it("shows a version beside the one that serves, and takes the decision down", async () => {
    const rejected = await command(["approve", "local", "2", "--reject", "--yes"]);
    expect(rejected.stdout).toMatch(
      /version 2 +version 1 in service +difference\n[\s\S]*test_r2 +0\.\d+ +0\.\d+ +[-+]?[\d.]+\n/,
    );
    const refused = await command(["rollback", "local", "2", "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("Version 2 must be Approved, got Rejected"),
    ]);
    expect((await command(["approve", "local", "2", "--yes"])).stdout).toContain("Version 2 was approved");
    const twice = await command(["approve", "local", "2", "--yes"]);
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("is already Approved")]);
  });

  it("says what is wrong before it asks for --yes", async () => {
    for (const name of ["approve", "rollback"]) {
      const wrong = await command([name, "local", "99"]);
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining(", got 99")]);
      const right = await command([name, "local", "2", "--reject"].slice(0, name === "approve" ? 4 : 3));
      expect([right.code, right.stderr]).toEqual([2, expect.stringContaining("pass --yes")]);
    }
  });
});

describe("approve", () => {
  it("refuses a version whose metrics nobody can see", async () => {
    expect((await command(["approve", "local", "3", "--reject", "--yes"])).code).toBe(0);
    const { ModelMetrics } = await cloud.aws.sagemaker().send(
      new DescribeModelPackageCommand({
        ModelPackageName: "arn:aws:sagemaker:us-east-1:123456789012:model-package/housing-local/3",
      }),
    );
    const url = ModelMetrics?.ModelQuality?.Statistics?.S3Uri as string;
    await cloud.aws.s3().send(new DeleteObjectCommand(objectAt(url)));
    const { code, stderr } = await command(["approve", "local", "3", "--yes"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Version 3 must have metrics")]);
  });
});

describe("logs", () => {
  /** Writes a line as an instance of the endpoint does. */
  async function writeLog(message: string): Promise<void> {
    const client = cloud.aws.logs();
    const logGroupName = "/aws/sagemaker/Endpoints/housing-local";
    const stream = { logGroupName, logStreamName: "primary/i-1" };
    await client.send(new CreateLogGroupCommand({ logGroupName })).catch(() => {});
    await client.send(new CreateLogStreamCommand(stream)).catch(() => {});
    await client.send(
      new PutLogEventsCommand({ ...stream, logEvents: [{ message, timestamp: Date.now() }] }),
    );
  }

  it("shows the log of the endpoint, and that of a job, as many lines of it as wanted", async () => {
    await writeLog("of the endpoint");
    expect(await command(["logs"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^of the endpoint$/m),
    });
    const { states } = JSON.parse((await command(["execute", "--attach", "first", "--json"])).stdout);
    const { jobs } = states.find(({ name }: { name: string }) => name === "ModelTraining");
    expect((await command(["logs", "local", jobs[0]])).stdout).toMatch(/^test_r2: 0\.\d+$/m);
    expect((await command(["logs", "local", jobs[0], "--lines", "2"])).stdout.split("\n")).toHaveLength(3);
  });

  it("follows a log until Ctrl-C", async () => {
    const following = command(["logs", "local", "housing-local", "--follow", "--lines", "1"], "\nlater");
    let isFollowing = true;
    const writing = (async () => {
      while (isFollowing) {
        await writeLog("later");
        await sleep(100);
      }
    })();
    expect(await following).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nlater\n/) });
    isFollowing = false;
    await writing;
  });

  it.each([
    ["other-local-train-1", "must be that of an endpoint or a job of housing-local"],
    ["housing-local-nothing", "There is no log of housing-local-nothing"],
  ])("refuses %s", async (name, message) => {
    const { code, stderr } = await command(["logs", "local", name]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("audit, mails, tuning and estimate", () => {
  it("lists what each role used, and what it was denied", async () => {
    const { code, stdout } = await command(["audit"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/housing-local-train-[\s\S]*s3:GetObject/)]);
    expect(JSON.parse((await command(["audit", "--json"])).stdout).roles.length).toBeGreaterThan(3);
  });

  it("says where emails come from while there are none", async () => {
    const { code, stdout } = await command(["mails"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("npm run deploy -- local")]);
  });

  it("says that a workflow without tuning has no tuning job", async () => {
    const { code, stderr } = await command(["tuning"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("tuning")]);
  });

  it("estimates the cost of each environment", async () => {
    const { code, stdout } = await command(["estimate", "prod"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\$[\d.,]+/)]);
  });
});

describe("promote", () => {
  it("refuses the emulator's own environment, which is on no account", async () => {
    const { code, stderr } = await command(["promote", "local", "prod"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("local")]);
  });
});

describe("cleanup", () => {
  const left = async () => {
    const sagemaker = cloud.aws.sagemaker();
    const { Endpoints = [] } = await sagemaker.send(new ListEndpointsCommand({}));
    const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand({}));
    const { Models = [] } = await sagemaker.send(new ListModelsCommand({}));
    return [Endpoints.length, EndpointConfigs.length, Models.length];
  };

  it("removes superseded configurations and models, and leaves what serves", async () => {
    expect((await left())[1]).toBeGreaterThan(1);
    expect((await command(["cleanup", "--superseded", "--yes"])).code).toBe(0);
    expect(await left()).toEqual([1, 1, 1]);
    expect((await command(["execute", "--attach", "first", "--json"])).code).toBe(0);
  });

  it("removes everything that executions made, and nothing that people put there", async () => {
    const { code, stdout } = await command(["cleanup", "--yes", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      removed: {
        endpoints: ["housing-local"],
        modelPackages: expect.arrayContaining([expect.stringMatching(/model-package\/housing-local\/1$/)]),
        objects: expect.any(Number),
      },
    });
    expect(await left()).toEqual([0, 0, 0]);
    const { objects } = JSON.parse((await command(["status", "--json"])).stdout);
    expect(objects).toMatchObject({
      "raw-data/": { count: 2 },
      "processed-data/": { count: 0 },
      "model-artifacts/": { count: 0 },
      "code/": { count: 1 },
    });
    expect((await command(["cleanup", "--yes"])).stdout).toContain("Executions left nothing behind.");
  });
});

describe("start", () => {
  it("runs it all in an emulator of its own, and keeps the run's artifacts", async () => {
    const name = `kept-${Date.now()}`;
    const { code, stdout } = await command(["start", "--json", "--name", name, ...quick]);
    expect(code).toBe(0);
    const { execution, metrics, predictions } = JSON.parse(stdout);
    expect(predictions).toHaveLength(2);
    const folder = `.runs/${execution.name}`;
    expect(JSON.parse(readFileSync(`${folder}/evaluation.json`, "utf8"))).toEqual(metrics);
    expect(readFileSync(`${folder}/model.tar.gz`).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(JSON.parse(readFileSync(`${folder}/report.json`, "utf8")).execution).toEqual(execution);
    const again = await command(["start", "--name", name]);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining(`--name must be new, but .runs/${name} already exists`),
    ]);
  });

  it("ends on Ctrl-C with its emulator", async () => {
    const { code, stderr } = await command(["start", ...quick], "Resources");
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining("Stopped: the emulator and everything that ran in it"),
    ]);
  });
});

describe("emulator", () => {
  it("prints the variables that point at it, and goes on Ctrl-C", async () => {
    const { code, stdout, stderr } = await command(["emulator"], "NO_PROXY");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+\n/);
    expect(stderr).toContain("until Ctrl-C");
  });
});
