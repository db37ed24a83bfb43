import { PutObjectCommand } from "@aws-sdk/client-s3";
import { prefixes } from "../../workflow/prefixes";
import type { RetrainingDecision } from "../../workflow/retraining/retraining";
import type { RetrainInput } from "../../workflow/steps/retrain-input";
import { findArtifactBucket } from "../account/buckets";
import { announce, type Environment, openEnvironment, stateMachinesOf } from "../account/environment";
import { startExecution, uniqueName } from "../execution/execution";
import { followToSuccess } from "../execution/follow";
import { withNextCommand } from "../execution/with-next-command";
import { FailedError, UsageError } from "../terminal/errors";
import { type JsonOptions, print, printResult } from "../terminal/print";
import { interruption, TaskList } from "../terminal/progress";
import { decisionText } from "./text";

interface RetrainOptions extends JsonOptions {
  readonly why?: string;
  readonly force: boolean;
  readonly reset: boolean;
  readonly timeout: number;
}

/** Asks for a retraining, and says what was decided; or allows retrainings again. */
export async function retrain(name: string, options: RetrainOptions): Promise<void> {
  const { why, force, reset } = options;
  if (why === undefined && !reset) {
    throw new UsageError(
      `--why must say why, such as npm run retrain -- ${name} --why "labels of October were corrected"`,
    );
  }
  if (why === undefined && force)
    throw new UsageError("--force is for a retraining: say --why, or leave it out");
  const environment = openEnvironment(name);
  if (environment.workflow.retraining === undefined) {
    throw new UsageError(
      `Nothing decides on retrainings in environment ${name}: set retraining: {} in config.ts, and deploy it (docs/retraining.md)`,
    );
  }
  await announce(environment);
  if (reset) await allowAgain(environment);
  if (why === undefined) {
    const text = `✔ Retrainings are allowed again. Ask for one: npm run retrain -- ${name} --why "..."`;
    printResult({ Reset: true }, () => text, options);
    return;
  }
  if (reset && !options.json) print("✔ Retrainings are allowed again");
  const decision = await decide(environment, { why, force }, options);
  printResult(decision, () => decisionText(name, decision), options);
  if (decision.Decision !== "Started")
    throw new FailedError(`No retraining was started: ${decision.Decision}`);
}

/** Leaves the mark: failures of retrainings that began before it count no longer. */
async function allowAgain(environment: Environment): Promise<void> {
  const Bucket = await findArtifactBucket(environment);
  if (Bucket === undefined) {
    throw new UsageError(`Environment ${environment.name} has no artifact bucket: deploy it first`);
  }
  const Body = JSON.stringify({ ResetAt: new Date().toISOString() });
  const ContentType = "application/json";
  await environment.aws
    .s3()
    .send(new PutObjectCommand({ Bucket, Key: prefixes.retrainingReset, Body, ContentType }));
}

async function decide(
  environment: Environment,
  { why, force }: { readonly why: string; readonly force: boolean },
  { timeout, json }: RetrainOptions,
): Promise<RetrainingDecision> {
  const { aws, name } = environment;
  const { retrain: stateMachineArn } = await stateMachinesOf(environment);
  const input: RetrainInput = { Reason: { Kind: "manual", Why: why }, ...(force && { Force: true }) };
  const signal = interruption();
  const tasks = new TaskList();
  const run = uniqueName();
  const execution = tasks.add("Decision", async (task) => {
    const arn = await startExecution(aws.sfn(), stateMachineArn, run, input, { signal });
    return await followToSuccess(environment, arn, task, timeout, signal);
  });
  try {
    await tasks.run({ silent: json });
  } catch (error) {
    throw withNextCommand(error, name);
  }
  return JSON.parse(execution.value.description.output ?? "{}") as RetrainingDecision;
}
