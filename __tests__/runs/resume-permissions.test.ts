/** What the person who stops executions, and lets them go on, must be allowed: enough, and nothing in vain. */

import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import type { Target } from "../../cli/account/deployed-workflow";
import { stopNamed } from "../../cli/execution/ending";
import { startExecution, watchExecution } from "../../cli/execution/execution";
import { resumePermissions } from "../../cli/execution/permissions";
import { redriveNamed } from "../../cli/execution/redriven";
import { inputFrom } from "../../cli/execution/stage";
import { readHistory } from "../../cli/execution/variables";
import { policyDocument } from "../../workflow/iam";
import type { PolicyDocument } from "../grants";
import { until } from "../patience";
import { failureOf, jobsOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { Person } from "./person";
import { smallWorkflow } from "./small-workflow";

const props = smallWorkflow("operate");
const place = { partition: "aws", region: "us-east-1", account: "123456789012" };
const permissions = resumePermissions({ ...props, ...place });
type Way = keyof typeof permissions;
const documents = Object.fromEntries(
  Object.entries(permissions).map(([way, statements]) => [way, policyDocument(statements)]),
) as unknown as Record<Way, PolicyDocument>;
const watch = { timeoutSeconds: 600, pollMilliseconds: 100 };

let cloud: TestCloud;
let workflow: TestWorkflow;
const people = {} as Record<Way, Person>;
let executions = 0;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
  await workflow.upload("raw-data/slow/hang", "1\n");
  await workflow.upload("raw-data/slow/data.csv", "1\n");
  for (const way of Object.keys(permissions) as Way[]) {
    people[way] = await Person.create(cloud, `operates-${way.replaceAll(" ", "")}`, documents[way]);
  }
});

afterAll(() => cloud?.stop());

/** The workflow, for the person of a way. */
function target(way: Way): Target {
  const { stateMachineArn, bucketName, baseName } = workflow;
  return { aws: people[way].clients, stateMachineArn, bucketName, baseName } as unknown as Target;
}

/** Starts an execution with the account's own credentials, which hangs in its first job or in its training. */
async function hanging(input: object, jobs: number): Promise<{ name: string; arn: string }> {
  const name = `hanging-${++executions}`;
  const arn = await startExecution(cloud.aws.sfn(), workflow.stateMachineArn, name, input);
  await until(async () => {
    const events = await readHistory(cloud.aws.sfn(), arn);
    return events.filter(({ type }) => type === "TaskSubmitted").length === jobs;
  });
  return { name, arn };
}

/** Removes an action from what a person may do, and expects that an act fails for want of it. */
async function expectDenied(way: Way, action: string, act: () => Promise<unknown>): Promise<void> {
  const person = people[way];
  const { Version, Statement } = documents[way];
  const fewer = Statement.map((one) => ({ ...one, Action: one.Action.filter((other) => other !== action) }));
  const before = await person.denials(action);
  await person.allowOnly({ Version, Statement: fewer.filter(({ Action }) => Action.length > 0) });
  await expect(act()).rejects.toThrow("not authorized to perform");
  await person.allowOnly(documents[way]);
  expect([action, await person.denials(action)]).toEqual([action, before + 1]);
}

const actions = (way: Way) => [...new Set(permissions[way].flatMap((statement) => statement.actions))];

it("suffice to stop an execution with its job and to redrive it, and each is needed", async () => {
  const { name, arn } = await hanging({ DataPrefix: "raw-data/slow/" }, 1);
  const denied = ["states:DescribeExecution", "states:StopExecution"];
  for (const action of denied) {
    await expectDenied("stop", action, () => stopNamed(target("stop"), name, 60));
  }
  const stopped = await stopNamed(target("stop"), name, 60);
  for (const action of ["states:GetExecutionHistory", "sagemaker:DescribeProcessingJob"]) {
    await expectDenied("stop", action, stopped.jobs);
  }
  expect(await stopped.jobs()).toEqual([expect.objectContaining({ status: "Stopped" })]);

  const redrive = () => redriveNamed(target("execute --redrive"), name, "local");
  for (const action of actions("execute --redrive")) {
    await expectDenied("execute --redrive", action, redrive);
  }
  const Key = "raw-data/slow/hang";
  await cloud.aws.s3().send(new DeleteObjectCommand({ Bucket: workflow.bucketName, Key }));
  const redriven = await redrive();
  const { sfn } = target("execute --redrive").aws;
  const result = await watchExecution(sfn(), arn, { ...watch, redriven });
  expect(failureOf(result)).toEqual(succeeded);
});

it("suffice to start at a stage, and each is needed", async () => {
  const first = await workflow.run();
  const of = first.description.name as string;
  const start = async () => {
    const one = target("execute --from");
    const input = await inputFrom(one, "ModelTraining", of);
    return await startExecution(one.aws.sfn(), one.stateMachineArn, `from-${++executions}`, input);
  };
  for (const action of actions("execute --from")) await expectDenied("execute --from", action, start);
  const result = await watchExecution(target("execute --from").aws.sfn(), await start(), watch);
  expect(failureOf(result)).toEqual(succeeded);
  expect(jobsOf(result, "DataPreprocessing")).toEqual([]);
});

it("stop a training job that still runs, too", async () => {
  const { name } = await hanging({ HyperParameters: { behave: "hang" } }, 2);
  const stopped = await stopNamed(target("stop"), name, 60);
  await expectDenied("stop", "sagemaker:DescribeTrainingJob", stopped.jobs);
  expect(await stopped.jobs()).toEqual([expect.objectContaining({ status: "Stopped" })]);
});
