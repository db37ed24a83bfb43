/** Runs that need one permission or another, and how each says that it failed. */

import {
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import {
  ListHyperParameterTuningJobsCommand,
  ListModelPackagesCommand,
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
  StopHyperParameterTuningJobCommand,
  StopProcessingJobCommand,
  StopTrainingJobCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import {
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { type ExecutionResult, startExecution } from "../../../cli/execution/execution";
import { executionOutput } from "../../../cli/execution/report";
import { servingModel } from "../../../cli/registry/model-versions";
import { followScoring, type ScoringJob, startScoring } from "../../../cli/scoring/job";
import type { ExecutionInput } from "../../../workflow/execution-input";
import { approvalRule } from "../../../workflow/resources";
import type { StageName } from "../../../workflow/stages";
import type { Grant, RoleName } from "../../grants";
import { patience, until } from "../../patience";
import type { Lane, Scenario } from "./lane";

type Run = (lane: Lane, input: ExecutionInput) => Promise<string>;

const wholeRun: Run = async ({ workflow }, input) => failureText(await workflow.run(input));

/** Runs from a stage on, with what the jobs of the lane's first run have made. */
const runFrom =
  (stage: StageName): Run =>
  (lane, input) =>
    wholeRun(lane, { ...input, From: lane.from(stage) });

/** Evaluates, registers and releases the lane's model. */
export const execution = runFrom("ModelEvaluation");
const training = runFrom("ModelTraining");

/** Releases a version that is not in service: one that is would not be released again. */
async function release(lane: Lane, input: ExecutionInput): Promise<string> {
  const ModelPackageArn = await versionToRelease(lane, input.EndpointName);
  return failureText(await lane.workflow.release({ ModelPackageArn, ...input }));
}

/** The oldest version that is not in service on the endpoint. */
async function versionToRelease(lane: Lane, name?: string): Promise<string | undefined> {
  const { aws } = lane.cloud;
  const { ModelPackageSummaryList = [] } = await aws.sagemaker().send(
    new ListModelPackagesCommand({
      ModelPackageGroupName: lane.workflow.baseName,
      SortBy: "CreationTime",
      SortOrder: "Ascending",
    }),
  );
  const serving = (await servingModel({ aws }, endpointOf(lane, name)))?.packageArn;
  return ModelPackageSummaryList.map(({ ModelPackageArn }) => ModelPackageArn).find((arn) => arn !== serving);
}

function failureText({ description }: ExecutionResult): string {
  const { status, output = "{}", error, cause } = description;
  // What goes wrong after a model is in service is a warning.
  return status === "SUCCEEDED" ? (JSON.parse(output).Warnings ?? []).join() : `${error}: ${cause}`;
}

/** The endpoint that the input names; without a name, the stable one. */
const endpointOf = (lane: Lane, name?: string) =>
  name === undefined ? lane.workflow.baseName : `${lane.workflow.baseName}-${name}`;
const named = (name?: string) => (name === undefined ? {} : { EndpointName: name });

const creates = (run: Run, name?: string): Scenario => ({
  before: (lane) => lane.removeEndpoint(endpointOf(lane, name)),
  run: (lane) => run(lane, named(name)),
});

const updates = (run: Run, name?: string): Scenario => ({
  before: async (lane) => {
    const isReady = run !== release || (await versionToRelease(lane, name)) !== undefined;
    if (isReady && (await lane.serves(endpointOf(lane, name)))) return;
    await lane.removeEndpoint(endpointOf(lane, name));
    expect(await execution(lane, named(name))).toBe("");
  },
  run: (lane) => run(lane, named(name)),
});

/** An endpoint whose first model cannot be loaded is replaced by the next execution. */
const replacesFailed = (run: Run, name?: string): Scenario => ({
  before: async (lane) => {
    await lane.removeEndpoint(endpointOf(lane, name));
    const broken = { ...named(name), HyperParameters: { behave: "broken" } };
    expect(await training(lane, broken)).toContain("DeploymentFailed");
  },
  run: (lane) => run(lane, named(name)),
});

/** Without evaluation.json the function says what is missing, which it has to be allowed to see. */
const findsNothing: Scenario = {
  run: async (lane) => {
    const said = await training(lane, { HyperParameters: { behave: "forget" } });
    return said.includes("evaluation.json") ? "" : said;
  },
};

/** The role is for this machine alone, so that it cannot be given to another one. */
export const isRefusedAtUpdate = (machine: "" | "-monitor" = ""): Scenario => ({
  run: async ({ cloud, workflow }) => {
    const sfn = cloud.aws.sfn();
    const stateMachineArn = `${workflow.stateMachineArn}${machine}`;
    const { definition, roleArn } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const update = new UpdateStateMachineCommand({ stateMachineArn, definition, roleArn });
    return await sfn.send(update).then(
      () => "",
      (error: Error) => error.message,
    );
  },
});

/** An execution that is stopped stops its job. */
const isStopped = (kind: "Processing" | "Training", named: string, input: ExecutionInput): Scenario => ({
  run: async (lane) => {
    const { workflow } = lane;
    const { aws } = lane.cloud;
    const sagemaker = aws.sagemaker();
    const search = { NameContains: `${workflow.baseName}${named}`, StatusEquals: "InProgress" } as const;
    const running = async () => {
      if (kind === "Processing") {
        const { ProcessingJobSummaries = [] } = await sagemaker.send(new ListProcessingJobsCommand(search));
        return ProcessingJobSummaries.map(({ ProcessingJobName }) => ProcessingJobName);
      }
      const { TrainingJobSummaries = [] } = await sagemaker.send(new ListTrainingJobsCommand(search));
      return TrainingJobSummaries.map(({ TrainingJobName }) => TrainingJobName);
    };
    const from = kind === "Training" ? { From: lane.from("ModelTraining") } : {};
    const name = `stopped-${Date.now()}`;
    const arn = await startExecution(aws.sfn(), workflow.stateMachineArn, name, { ...input, ...from });
    await until(async () => (await running()).length > 0);
    const isDenied = await lane.watchDenials();
    await aws.sfn().send(new StopExecutionCommand({ executionArn: arn }));
    await until(async () => (await isDenied()) || (await running()).length === 0);
    const left = await running();
    for (const name of left) {
      // Nothing else would end it, and only as many jobs run as there are cores.
      if (kind === "Processing")
        await sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
      else await sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: name }));
    }
    await until(async () => (await running()).length === 0);
    return left.length > 0 ? "the job runs on" : "";
  },
});

/** An execution that is stopped stops its tuning job, with the training jobs. */
const stopsTuning: Scenario = {
  // An execution that may not look at its tuning job leaves it running.
  before: async (lane) => {
    await until(async () => (await runningTuningJobs(lane)).length === 0);
  },
  run: async (lane) => {
    const { workflow } = lane;
    const { aws } = lane.cloud;
    const running = () => runningTuningJobs(lane);
    const input = { HyperParameters: { behave: "hang" } };
    const arn = await startExecution(aws.sfn(), workflow.stateMachineArn, `stopped-${Date.now()}`, input);
    await until(async () => (await running()).length > 0);
    const isDenied = await lane.watchDenials();
    await aws.sfn().send(new StopExecutionCommand({ executionArn: arn }));
    await until(async () => (await isDenied()) || (await running()).length === 0);
    const left = await running();
    for (const HyperParameterTuningJobName of left) {
      await aws.sagemaker().send(new StopHyperParameterTuningJobCommand({ HyperParameterTuningJobName }));
    }
    await until(async () => (await running()).length === 0);
    return left.length > 0 ? "the tuning job runs on" : "";
  },
};

async function runningTuningJobs({ cloud, workflow }: Lane) {
  const search = { NameContains: `${workflow.baseName}-tune-`, StatusEquals: "InProgress" } as const;
  const { HyperParameterTuningJobSummaries = [] } = await cloud.aws
    .sagemaker()
    .send(new ListHyperParameterTuningJobsCommand(search));
  return HyperParameterTuningJobSummaries.map(
    ({ HyperParameterTuningJobName }) => HyperParameterTuningJobName,
  );
}

/** One model serves under the stable name. */
export async function serves(lane: Lane): Promise<void> {
  if (await lane.serves(endpointOf(lane))) return;
  await lane.removeEndpoint(endpointOf(lane));
  expect(await execution(lane, {})).toBe("");
}

/** A batch transform job runs as the role of the model that serves. */
const scoresBatches: Scenario = {
  before: serves,
  run: async (lane) => {
    const { aws } = lane.cloud;
    const { workflow } = lane;
    const job: ScoringJob = {
      name: `${workflow.baseName}-score-${Date.now()}`,
      modelName: (await servingModel({ aws }, endpointOf(lane)))?.modelName as string,
      inputUrl: `s3://${workflow.bucketName}/scoring-input/`,
      outputUrl: `s3://${workflow.bucketName}/scoring-output/`,
      format: "json",
      instanceType: "ml.m5.large",
      instanceCount: 1,
      tags: {},
    };
    try {
      await startScoring(aws, job);
      await followScoring(aws, job.name, { timeoutSeconds: 600 });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  },
};

/** A time that is still to come when its schedule is made: a past one never comes. Schedules know whole seconds only. */
export const soon = () => `at(${new Date(Date.now() + 4000 * patience).toISOString().slice(0, 19)})`;

/** The schedule starts an execution. */
export const startsBySchedule: Scenario = {
  run: async (lane) => {
    const { cloud, scheduleRoleArn } = lane;
    const { stateMachineArn, baseName } = lane.workflow;
    const sfn = cloud.aws.sfn();
    const executions = async () =>
      (await sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];
    const before = (await executions()).length;
    const { endpoint, region, credentials } = cloud.aws.connection;
    const scheduler = new SchedulerClient({ endpoint, region, credentials });
    const Input = JSON.stringify({ From: lane.from("ModelEvaluation") });
    const isDenied = await lane.watchDenials();
    await scheduler.send(
      new CreateScheduleCommand({
        Name: `${baseName}-${Date.now()}`,
        ScheduleExpression: soon(),
        FlexibleTimeWindow: { Mode: "OFF" },
        ActionAfterCompletion: "DELETE",
        Target: { Arn: stateMachineArn, RoleArn: scheduleRoleArn, Input },
      }),
    );
    await until(async () => (await isDenied()) || (await executions()).length > before);
    await until(async () => (await executions()).every(({ status }) => status !== "RUNNING"));
    return (await executions()).length > before ? "" : "no execution was started";
  },
};

/** The approval of a version starts its release. */
export const startsByApproval: Scenario = {
  run: async (lane) => {
    const { workflow, approvalRoleArn } = lane;
    const { aws } = lane.cloud;
    const sfn = aws.sfn();
    const stateMachineArn = `${workflow.stateMachineArn}-release`;
    const executions = async () =>
      (await sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];
    const before = (await executions()).length;
    const { endpoint, region, credentials } = aws.connection;
    const events = new EventBridgeClient({ endpoint, region, credentials });
    const scope = { prefix: workflow.baseName.replace(/-test$/, ""), environment: "test" };
    const { name, eventPattern, inputPaths, inputTemplate } = approvalRule(scope);
    await events.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(eventPattern) }));
    const target = { Id: "release", Arn: stateMachineArn, RoleArn: approvalRoleArn };
    const InputTransformer = { InputPathsMap: inputPaths, InputTemplate: inputTemplate };
    await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ ...target, InputTransformer }] }));
    const sagemaker = aws.sagemaker();
    const group = { ModelPackageGroupName: workflow.baseName };
    const { ModelPackageSummaryList = [] } = await sagemaker.send(new ListModelPackagesCommand(group));
    const { ModelPackageArn } = ModelPackageSummaryList[0] ?? {};
    const isDenied = await lane.watchDenials();
    for (const ModelApprovalStatus of ["Rejected", "Approved"] as const) {
      await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus }));
    }
    await until(async () => (await isDenied()) || (await executions()).length > before);
    await events.send(new RemoveTargetsCommand({ Rule: name, Ids: ["release"] }));
    await until(async () => (await executions()).every(({ status }) => status !== "RUNNING"));
    return (await executions()).length > before ? "" : "no release was started";
  },
};

/** A spot job that is interrupted when its checkpoint is in S3 reads it, goes on, and deletes one. */
const goesOnFromCheckpoint: Scenario = {
  before: async ({ cloud, workflow }) => {
    await cloud.inject({
      operation: "sagemaker:CreateTrainingJob",
      match: `${workflow.baseName}-train-*`,
      interrupt: { after: "checkpoint", graceSeconds: 0 },
    });
  },
  run: (lane) => training(lane, { HyperParameters: { behave: "checkpoint" } }),
};

/** A function's own error, where it fails. */
async function failureOf({ cloud }: Lane, FunctionName: string, event: object): Promise<string> {
  const { FunctionError, Payload } = await cloud.aws
    .lambda()
    .send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
  return FunctionError === undefined ? "" : JSON.parse(Payload?.transformToString() ?? "{}").errorMessage;
}

/** The newest execution of one of the state machines that has succeeded. */
async function lastSuccess({ cloud, workflow }: Lane, machine: "" | "-release") {
  const stateMachineArn = `${workflow.stateMachineArn}${machine}`;
  const { executions = [] } = await cloud.aws
    .sfn()
    .send(new ListExecutionsCommand({ stateMachineArn, statusFilter: "SUCCEEDED", maxResults: 1 }));
  return executions[0]?.executionArn;
}

/** What an execution of one of the state machines has ended in is told. */
const tells = (run: Run, machine: "" | "-release"): Scenario => ({
  before: async (lane) => {
    if ((await lastSuccess(lane, machine)) !== undefined) return;
    // An A/B test may be on it.
    await lane.removeEndpoint(endpointOf(lane));
    expect(await run(lane, {})).toBe("");
  },
  run: async (lane) => {
    const executionArn = await lastSuccess(lane, machine);
    return await failureOf(lane, `${lane.workflow.baseName}-notify`, { detail: { executionArn } });
  },
});

/** The function that posts to a chat reads the chat's URL, even where it has nothing to post. */
const readsItsSecret: Scenario = {
  run: (lane) => failureOf(lane, `${lane.workflow.baseName}-webhook`, { Records: [] }),
};

/** A cache never lets an execution fail: its report says what it could not record, and why it has found nothing. */
export const usesCache: Scenario = {
  run: async ({ workflow }) => {
    const anew = executionOutput(await workflow.run({ Cache: false }));
    const again = executionOutput(await workflow.run());
    const told = [anew, again].map(({ Cache = {} }) => Object.values(Cache));
    const [recorded = [], found = []] = told;
    return [
      ...recorded.flatMap(({ Recorded, NotRecorded = "" }) => (Recorded ? [] : [NotRecorded])),
      ...found.flatMap(({ Hit, Reason }) => (Hit ? [] : [Reason])),
    ].join();
  },
};

/** The shortest run that needs a permission: only the preparation's needs the whole one. */
function runThatNeeds(role: RoleName, { resource }: Grant): Run {
  if (role === "release") return release;
  const needs = (kind: string) => role === kind || (role === "states" && resource.includes(`-${kind}-`));
  if (needs("prep")) return wholeRun;
  return needs("train") || needs("tune") ? training : execution;
}

/** The run that needs a permission. */
export function scenarioFor(role: RoleName, grant: Grant): Scenario {
  const { action, resource } = grant;
  const name = resource.endsWith("test-*") ? "other" : undefined;
  const run = runThatNeeds(role, grant);
  if (role === "cache" || resource.includes("-results-cache:")) return usesCache;
  if (role === "schedule") return startsBySchedule;
  if (role === "approved") return startsByApproval;
  if (role === "webhook") return readsItsSecret;
  if (role === "notify")
    return resource.includes("-release:") ? tells(release, "-release") : tells(execution, "");
  if (action.startsWith("events:")) return isRefusedAtUpdate();
  if (resource.includes("/checkpoints/")) return goesOnFromCheckpoint;
  if (action === "sagemaker:StopProcessingJob") {
    return resource.includes("-compare-")
      ? isStopped("Processing", "-compare-", { DataPrefix: "raw-data/later/" })
      : isStopped("Processing", "-prep-", { DataPrefix: "raw-data/slow/" });
  }
  if (action === "sagemaker:StopTrainingJob") {
    return isStopped("Training", "-train-", { HyperParameters: { behave: "hang" } });
  }
  if (action === "sagemaker:StopHyperParameterTuningJob") return stopsTuning;
  if (/^sagemaker:Delete(EndpointConfig|Model)$/.test(action)) return updates(run);
  if (/^(cloudwatch:DescribeAlarms|application-autoscaling:)/.test(action)) return updates(run);
  if (role === "sagemaker" && (resource.includes("/scoring-") || batchOnly.test(action)))
    return scoresBatches;
  // Of an endpoint that is there.
  if (action === "sagemaker:ListTags") return updates(run, name);
  if (championReads.test(action) || action === "sagemaker:UpdateEndpoint") return updates(run, name);
  if (action === "sagemaker:DeleteEndpoint") return replacesFailed(run, name);
  if (role === "evaluate" && action === "s3:ListBucket") return findsNothing;
  return creates(run, name);
}

/** What serves needs these to score batches. */
const batchOnly = /^(s3:ListBucket|kms:GenerateDataKey)$/;

/** What is read of the model that serves. */
const championReads = /^sagemaker:Describe(EndpointConfig|Model)$/;
