/** One environment, from nothing to nothing, by real Terraform against the emulator. */

import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { DescribeExecutionCommand, GetExecutionHistoryCommand, SFNClient } from "@aws-sdk/client-sfn";
import { testRun, workflowProps } from "../../configuration";
import { grantsIn } from "../grants";
import { TestCloud } from "../runs/cloud";
import { housingCsv } from "../runs/housing-data";
import { describeAccount, namesIn } from "./account";
import { terraformIsAvailable } from "./available";
import { AwsProvider } from "./aws-provider";
import { ProjectCopy } from "./project-copy";
import { covers, ReviewRole } from "./review-role";

const name = "housing-local";
const quick = ["--input", '{"HyperParameters": {"n-estimators": 5}}'];

(terraformIsAvailable() ? describe : describe.skip)("an environment", () => {
  let cloud: TestCloud;
  let provider: AwsProvider;
  let project: ProjectCopy;
  let bucket: string;
  let reviewer: ReviewRole;
  const endpoint = { kind: "instance", capture: { percentage: 100 } } as const;
  const schedule = 'schedule: { expression: "cron(0 0 1 1 ? 2099)" }';
  const monitored = `endpoint: ${JSON.stringify(endpoint)}, monitor: { ${schedule} }`;

  beforeAll(async () => {
    cloud = await TestCloud.start();
    project = new ProjectCopy(cloud.variables);
    provider = await AwsProvider.start(project.folder, cloud.variables);
    project.variables = { ...cloud.variables, ...provider.variables };
    const emails = 'notifications: { emails: ["ml-team@example.com"]';
    project.edit("config.ts", emails, `${emails}, webhook: { format: "slack", parameter: "/local/webhook" }`);
    // Everything that a plan may have to read is there; the schedule never comes.
    const state = 'stateBucket: "tfstate-housing-local",';
    project.edit("config.ts", state, `${state} ${schedule}, retraining: {}, ${monitored},`);
  });

  afterAll(async () => {
    project?.remove();
    await provider?.stop();
    await cloud?.stop();
  });

  /** Runs a command that has to succeed, and returns what it printed. */
  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await project.run(...args);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  it("is refused before its state bucket is there, and told how to make it", async () => {
    const { code, stderr } = await project.run("deploy", "local", "--yes");
    expect(code).toBe(2);
    expect(stderr).toContain("create it with npm run bootstrap -- local");
  });

  it("gets a state bucket that can be made twice", async () => {
    expect(await run("bootstrap", "local")).toContain("Created the state bucket tfstate-housing-local");
    expect(await run("bootstrap", "local")).toContain("Checked the state bucket");
  });

  it("shows what it will be, the stack that waits for another one included", async () => {
    const comment = await run("review", "local");
    expect(comment).toContain("<!-- review:local -->");
    expect(comment).toContain("local-test-run");
    expect(comment).toMatch(/after .?local-pipeline/);
    expect(comment).toContain("DataPreprocessing");
  });

  it("is deployed, with its outputs in a file of its own", async () => {
    const said = await run("deploy", "local", "--yes");
    expect(said).toContain("Deployed local; outputs are in outputs.local.json");
  });

  it("holds what `npm start` makes, and runs the very same definition", async () => {
    const other = await TestCloud.start();
    try {
      await other.deploy({ ...workflowProps("local"), endpoint, retraining: {} });
      const deployed = await describeAccount(cloud.aws, name);
      expect(deployed).toEqual(await describeAccount(other.aws, name));
      expect(deployed.machines).toHaveLength(4);
    } finally {
      await other.stop();
    }
  });

  it("shows no difference, by diff and again by review", async () => {
    const said = await run("diff", "local");
    expect(said.match(/No changes\. Your infrastructure matches the configuration/g)).toHaveLength(2);
    expect(await run("review", "local")).toContain("No changes");
  });

  it("runs, to a live endpoint", async () => {
    const { Buckets = [] } = await cloud.aws.s3().send(new ListBucketsCommand({ Prefix: `${name}-` }));
    bucket = Buckets[0]?.Name as string;
    for (const [key, rows, seed] of [
      ["train", 400, 1],
      ["test", 100, 2],
    ] as const) {
      const Body = housingCsv(rows, seed);
      await cloud.aws.s3().send(new PutObjectCommand({ Bucket: bucket, Key: `raw-data/${key}.csv`, Body }));
    }
    const said = await run(
      "execute",
      "local",
      "--outputs-file",
      "outputs.local.json",
      "--name",
      "first",
      ...quick,
    );
    expect(said).toMatch(/predictions +[\d.]+, [\d.]+/);
  });

  it("shows exactly what one changed script line and one hyperparameter change", async () => {
    project.edit("config.ts", '"max-depth": 10,', '"max-depth": 9,');
    project.edit("python/scripts/training.py", '"""', '"""Changed. ');
    const comment = await run("review", "local");
    const changed = [...comment.matchAll(/^- (?:⚠ )?(add|change|replace|destroy) `(\w+)/gm)];
    expect(changed.map(([, action, type]) => `${action} ${type}`)).toEqual([
      "replace aws_s3_object", // its key holds the hash of the scripts
      "change aws_iam_role_policy", // which names the key, as does that of the monitor
      "change aws_iam_role_policy",
      "change aws_sfn_state_machine",
      "change aws_sfn_state_machine",
    ]);
    const states = [...comment.matchAll(/^ {2}- (?:added|changed|removed): `(\w+)`/gm)];
    expect(states.map(([, state]) => state)).toEqual([
      ...["PinCode", "JudgeTraffic"], // of the monitor
      "CheckInput", // the hyperparameter
      "PinCode",
      "DataPreprocessing",
      "ModelTraining",
    ]);
    expect(comment).toMatch(/max-depth[^→]*10[^→]*→[^→]*max-depth[^→]*9/);
  });

  it("is planned by a role that may do exactly what that takes", async () => {
    reviewer = await ReviewRole.create(
      cloud,
      project.folder,
      JSON.parse(await run("review", "local", "--role-policy")),
    );
    // What the command asks itself, before Terraform does.
    await new S3Client(reviewer.client).send(new HeadBucketCommand({ Bucket: "tfstate-housing-local" }));
    for (const stack of ["local-pipeline", "local-test-run"]) {
      expect(await reviewer.plan(stack)).toEqual({ ok: true, said: expect.stringContaining("Terraform") });
    }
    const uses = await reviewer.uses();
    expect(uses.filter(({ denied }) => denied > 0)).toEqual([]);
    const unused = grantsIn(reviewer.policy).filter(
      ({ action, resource }) => !uses.some((use) => use.action === action && covers(resource, use.resource)),
    );
    // An environment has one of two schedules; the test has the other one.
    const otherSchedule = `arn:aws:scheduler:us-east-1:123456789012:schedule/default/${name}-retrain`;
    expect(unused).toEqual([{ action: "scheduler:GetSchedule", resource: otherSchedule }]);
  });

  it("is not planned without them, and Terraform names each", async () => {
    // Of resources on which few others depend: what comes after a failed read is not read at all.
    const taken = [
      "scheduler:GetSchedule",
      "scheduler:GetScheduleGroup",
      "sns:GetSubscriptionAttributes",
      "cloudwatch:GetDashboard",
      "events:ListTargetsByRule",
      "lambda:GetPolicy",
    ];
    await reviewer.takeAway(taken);
    const { ok, said } = await reviewer.plan("local-pipeline");
    await reviewer.allow(reviewer.policy);
    expect(ok).toBe(false);
    expect(taken.filter((action) => !said.includes(`not authorized to perform: ${action}`))).toEqual([]);
  });

  it("shows its reviewer no data, no versions, no secrets, no logs, no executions", async () => {
    const { Versions = [] } = await cloud.aws
      .s3()
      .send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: "raw-data/train.csv" }));
    const [{ Key, VersionId } = {}] = Versions;
    const { client } = reviewer;
    const s3 = new S3Client(client);
    const sfn = new SFNClient(client);
    const logs = new CloudWatchLogsClient(client);
    const account = "us-east-1:123456789012";
    const executionArn = `arn:aws:states:${account}:execution:${name}:first`;
    const logGroupName = `/aws/lambda/${name}-evaluate-model`;
    const asked = {
      object: () => s3.send(new GetObjectCommand({ Bucket: bucket, Key })),
      version: () => s3.send(new GetObjectCommand({ Bucket: bucket, Key, VersionId })),
      versions: () => s3.send(new ListObjectVersionsCommand({ Bucket: bucket })),
      secret: () => reviewer.readSecret("/local/webhook"),
      events: () => logs.send(new FilterLogEventsCommand({ logGroupName })),
      history: () => sfn.send(new GetExecutionHistoryCommand({ executionArn })),
      execution: () => sfn.send(new DescribeExecutionCommand({ executionArn })),
      function: () => new LambdaClient(client).send(new GetFunctionCommand({ FunctionName: "other" })),
      model: () =>
        new SageMakerClient(client).send(
          new DescribeModelPackageCommand({
            ModelPackageName: `arn:aws:sagemaker:${account}:model-package/${name}/1`,
          }),
        ),
    };
    expect(VersionId).toBeDefined();
    for (const [what, ask] of Object.entries(asked)) {
      const refused = await ask().then(
        () => "answered",
        (error: Error) => `${error.name}: ${error.message}`,
      );
      expect([what, refused]).toEqual([what, expect.stringMatching(/\bAccessDenied/)]);
    }
  });

  it("is deployed again, and the next run updates the same endpoint", async () => {
    await run("deploy", "local", "--yes");
    await run("execute", "local", "--outputs-file", "outputs.local.json", "--name", "second", ...quick);
    const { EndpointConfigName } = await cloud.aws
      .sagemaker()
      .send(new DescribeEndpointCommand({ EndpointName: name }));
    expect(EndpointConfigName).toContain("second");
  });

  it("lists what the executions made, and what it costs", async () => {
    const found = JSON.parse(await run("leftovers", "local", "--json"));
    expect(found.endpoints).toEqual([expect.objectContaining({ name, costPerDay: expect.any(Number) })]);
    expect(found.models).toHaveLength(2);
    expect(found.objects).toBeGreaterThan(5);
    expect(await run("leftovers", "local")).toMatch(/endpoint +housing-local +since .* a day/);
  });

  it("sends emails about the executions, which are listed", async () => {
    expect(await run("mails")).toMatch(/^To: ml-team@example\.com\nDate: \d.+\nSubject: .+\n/);
  });

  it("tries the version before under real traffic", async () => {
    const numbers = ["--reward-range", "0,1", "--effect", "0.1", "--max-error-rate", "2%"];
    const said = await run(
      ...["experiment", "local", "start", "1", "--yes", "--max-latency", "60000", ...numbers],
    );
    expect(said).toContain("A/B test v1-against-v2 on endpoint housing-local");
    expect(said).toContain("≈ $1.34 a day for the challenger");
    expect(said).toContain("The test v1-against-v2 is running.");
    expect(await run("status", "local")).toMatch(
      /primary: 1 × ml.t2.medium, weight 0.9; challenger: 1 × ml.t2.medium, weight 0.1/,
    );
    expect(await run("experiment", "local", "status")).toContain("A/B test v1-against-v2 is running");
    expect(await run("leftovers", "local")).toContain("running A/B test        v1-against-v2");
    expect(await run("experiment", "local", "stop", "--yes")).toContain("The test has stopped.");
  });

  it("changes its endpoint's kind by the command that a refused deploy names", async () => {
    project.edit("config.ts", monitored, 'endpoint: { kind: "serverless" }');
    // A serverless endpoint has one variant only.
    project.edit("config.ts", "      experiments: true,\n", "");
    const { code, stderr } = await project.run("deploy", "local", "--yes");
    expect([code, stderr]).toEqual([2, expect.stringContaining("npm run change-kind -- local")]);
    const said = await run("change-kind", "local", "--yes");
    expect(said).toContain("Deployed local");
    expect(said).toContain(`Deleted endpoint ${name}\n`);
    expect(await run("status", "local")).toMatch(
      /InService +housing-local-serverless .*\(primary: serverless, 2048 MB, 5 at a time\)/,
    );
    expect(await run("change-kind", "local", "--yes")).toContain("nothing to do");
  });

  it("scores what lies in its bucket", async () => {
    const Body = testRun.instances.map((row) => String(row)).join("\n");
    await cloud.aws
      .s3()
      .send(new PutObjectCommand({ Bucket: bucket, Key: "scoring-input/houses.csv", Body }));
    const said = await run("score", "local", "scoring-input/");
    const [, Key] = /^ {2}(scoring-output\/\S+\/houses\.csv\.out) /m.exec(said) ?? [];
    const found = await cloud.aws.s3().send(new GetObjectCommand({ Bucket: bucket, Key }));
    expect(await found.Body?.transformToString()).toMatch(/^[\d.]+\n[\d.]+\n$/);
  });

  it("is not destroyed while an endpoint serves", async () => {
    const { code, stderr } = await project.run("destroy", "local", "--yes");
    expect(code).toBe(2);
    expect(stderr).toContain("npm run destroy -- local --with-leftovers");
    expect(await namesIn(cloud.aws, name)).not.toEqual([]);
  });

  it("is destroyed with everything that executions made, and leaves nothing", async () => {
    await run("destroy", "local", "--yes", "--with-leftovers");
    const sagemaker = cloud.aws.sagemaker();
    const { Endpoints } = await sagemaker.send(new ListEndpointsCommand({}));
    const { EndpointConfigs } = await sagemaker.send(new ListEndpointConfigsCommand({}));
    const { Models } = await sagemaker.send(new ListModelsCommand({}));
    expect([Endpoints, EndpointConfigs, Models]).toEqual([[], [], []]);
    expect(await namesIn(cloud.aws, name)).toEqual([]);
    const versions = cloud.aws.s3().send(new ListObjectVersionsCommand({ Bucket: bucket }));
    await expect(versions).rejects.toThrow("does not exist");
  });
});
