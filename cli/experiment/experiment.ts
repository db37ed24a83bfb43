import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { announce, environmentConfig } from "../account/environment";
import { endpointCostPerDay } from "../costs/endpoint-cost";
import { confirmed, requireAnswer } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { interruption } from "../terminal/progress";
import { type ExperimentPlan, planExperiment } from "./candidate";
import { findEndpoint } from "./endpoint";
import { type ExperimentOptions, experimentNumbers, refuseOthers } from "./options";
import { runningExperiments } from "./schedules";
import { startExperiment } from "./start";
import { planStop, stopExperiment } from "./stop";
import { type ExperimentTarget, experimentTarget, pastExperiments, readDecision } from "./target";
import { decisionText, type Expectation, planText, stopText } from "./text";

export const experimentActions = ["start", "status", "stop"] as const;

/** Starts, shows or stops the A/B test of an environment. */
export async function experiment(
  name: string,
  action: (typeof experimentActions)[number],
  version: number | undefined,
  options: ExperimentOptions,
): Promise<void> {
  environmentConfig(name);
  if (action === "start") return await start(name, version, options);
  if (version !== undefined) throw new UsageError(`${action} takes no version`);
  await (action === "stop" ? stop(name, options) : status(name, options));
}

async function start(name: string, version: number | undefined, options: ExperimentOptions): Promise<void> {
  if (version === undefined) {
    throw new UsageError(`start needs a version: npm run rollback -- ${name} lists them`);
  }
  const numbers = experimentNumbers(options);
  requireAnswer(options.yes);
  const target = await experimentTarget(name);
  await announce(target.environment);
  const plan = await planExperiment(target, version, numbers, options.name);
  print(`${planText(plan, await expectation(target, plan))}`);
  if (!options.yes && !(await confirmed(`Start this test in ${name}?`))) {
    print("Nothing was changed.");
    return;
  }
  await startExperiment(target, plan, patience(options), { silent: false });
  print(`The test ${plan.event.Experiment} runs. See it: npm run experiment -- ${name} status`);
}

async function stop(name: string, options: ExperimentOptions): Promise<void> {
  refuseOthers("stop", options, ["winner"]);
  requireAnswer(options.yes);
  const target = await experimentTarget(name);
  await announce(target.environment);
  const plan = await planStop(target, options.winner);
  print(`${stopText(plan)}`);
  if (!options.yes && !(await confirmed(`Stop this test in ${name}?`))) {
    print("Nothing was changed.");
    return;
  }
  await stopExperiment(target, plan, patience(options), { silent: false });
  print("The test is stopped.");
}

async function status(name: string, options: ExperimentOptions): Promise<void> {
  refuseOthers("status", options, []);
  const target = await experimentTarget(name);
  await announce(target.environment);
  print(`${await statusOf(target)}`);
}

/** The test that runs, or else the one that the endpoint still serves, or else the latest. */
export async function statusOf(target: ExperimentTarget): Promise<string> {
  const { environment } = target;
  const [running] = await runningExperiments(environment);
  const found =
    running ?? (await findEndpoint(environment))?.experiment ?? (await pastExperiments(target))[0];
  if (found === undefined) return `There was no A/B test in ${environment.name} yet.`;
  return decisionText(environment.name, found, running !== undefined, await readDecision(target, found));
}

/** The traffic of the champion so far, and what the challenger will cost. */
async function expectation(
  { environment: { aws, config, baseName } }: ExperimentTarget,
  { champion, variants }: ExperimentPlan,
): Promise<Expectation> {
  const day = 24 * 3600;
  const { Datapoints = [] } = await aws.cloudwatch().send(
    new GetMetricStatisticsCommand({
      Namespace: "AWS/SageMaker",
      MetricName: "Invocations",
      Dimensions: [
        { Name: "EndpointName", Value: baseName },
        { Name: "VariantName", Value: champion.name },
      ],
      StartTime: new Date(Date.now() - day * 1000),
      EndTime: new Date(),
      Period: day,
      Statistics: ["Sum"],
    }),
  );
  return {
    requestsADay: Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0),
    costPerDay: endpointCostPerDay(variants.slice(1), config.region),
  };
}

function patience({ timeout }: ExperimentOptions) {
  return { timeoutSeconds: timeout, signal: interruption() };
}
