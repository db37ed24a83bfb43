import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { announce, environmentConfig } from "../account/environment";
import { endpointCostPerDay } from "../costs/endpoint-cost";
import { agreed } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { interruption } from "../terminal/progress";
import { type ExperimentPlan, planExperiment } from "./candidate";
import { statusOf } from "./experiment-status";
import { type ExperimentOptions, experimentNumbers, refuseOthers } from "./options";
import { startExperiment } from "./start-experiment";
import { planStop, stopExperiment } from "./stop-experiment";
import { type ExperimentTarget, experimentTarget } from "./target";
import { type Expectation, planText, stopText } from "./text";

/** Starts, shows or stops the A/B test of an environment. */
export async function experiment(
  name: string,
  action: "start" | "status" | "stop",
  version: number | undefined,
  options: ExperimentOptions,
): Promise<void> {
  environmentConfig(name);
  if (action === "start") return await start(name, version, options);
  if (version !== undefined) throw new UsageError(`${action} does not take a version`);
  await (action === "stop" ? stop(name, options) : status(name, options));
}

async function start(name: string, version: number | undefined, options: ExperimentOptions): Promise<void> {
  if (version === undefined) {
    throw new UsageError(`start needs a version: list them with npm run versions -- ${name}`);
  }
  const numbers = experimentNumbers(options);
  const target = await experimentTarget(name);
  await announce(target.environment);
  const plan = await planExperiment(target, version, numbers, options.name);
  print(planText(plan, await expectation(target, plan)));
  if (!(await agreed(`Start this test in ${name}?`, options.yes))) {
    print("Nothing was changed.");
    return;
  }
  await startExperiment(target, plan, waitOptions(options), { silent: false });
  print(`The test ${plan.event.Experiment} is running. Show it: npm run experiment -- ${name} status`);
}

async function stop(name: string, options: ExperimentOptions): Promise<void> {
  refuseOthers("stop", options, ["winner"]);
  const target = await experimentTarget(name);
  await announce(target.environment);
  const plan = await planStop(target, options.winner);
  print(stopText(plan));
  if (!(await agreed(`Stop this test in ${name}?`, options.yes))) {
    print("Nothing was changed.");
    return;
  }
  await stopExperiment(target, plan, waitOptions(options), { silent: false });
  print("The test has stopped.");
}

async function status(name: string, options: ExperimentOptions): Promise<void> {
  refuseOthers("status", options, []);
  const target = await experimentTarget(name);
  await announce(target.environment);
  print(await statusOf(target));
}

/** Returns the champion's traffic, and what the challenger will cost. */
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

function waitOptions({ timeout }: ExperimentOptions) {
  return { timeoutSeconds: timeout, signal: interruption() };
}
