/** The printed texts of an A/B test. */

import type { ExperimentDecision, VariantDecision } from "../../workflow/experiments";
import { versionNumber } from "../registry/model-versions";
import { shortNumber, signedNumber } from "../terminal/number";
import type { ExperimentPlan } from "./candidate";
import { expectedRewards } from "./plan";
import type { StopPlan } from "./stop-experiment";

/** The endpoint's traffic, and the cost of another variant. */
export interface Expectation {
  /** Requests of the last 24 hours. */
  readonly requestsADay: number;
  /** In USD per day; absent if the price is unknown. */
  readonly costPerDay?: number;
}

/** Describes what a start will create, and what to expect. */
export function planText(plan: ExperimentPlan, { requestsADay, costPerDay }: Expectation): string {
  const { event, numbers, variants, championVersion, challengerVersion } = plan;
  const rewards = Math.ceil(expectedRewards(numbers));
  const when =
    requestsADay > 0
      ? `${duration((rewards / requestsADay) * 24)}, if each of the ${count(requestsADay)} requests of the last day had one`
      : "the time is unknown, because there were no requests in the last day";
  const versions = [championVersion, challengerVersion];
  const rows = variants.map(
    ({ VariantName, InitialVariantWeight = 0, InitialInstanceCount, InstanceType }, index) =>
      `version ${versions[index]?.version} as variant ${VariantName}, ${percent(InitialVariantWeight)} of the traffic, ${InitialInstanceCount} × ${InstanceType}`,
  );
  return [
    `A/B test ${event.Experiment} on endpoint ${event.EndpointName}`,
    `  champion    ${rows[0]}`,
    `  challenger  ${rows[1]}`,
    `  decides     after about ${count(rewards)} rewards of both variants together; ${when}`,
    `  stops       if more than ${percent(numbers.maxErrorRate)} of the challenger's requests fail, or its mean latency is above ${numbers.maxLatency} ms`,
    `  rewards     s3://${event.S3Bucket}/${event.RewardPrefix}<variant>/<any name>.jsonl`,
    `  costs       ${costPerDay === undefined ? "the challenger's instances, whose price is unknown" : `≈ $${costPerDay.toFixed(2)} a day for the challenger`}`,
  ].join("\n");
}

/** Describes how a test will end. */
export function stopText({ schedules, outcome }: StopPlan): string {
  const lines = schedules.map((name) => `The schedule of ${name} will be removed.`);
  if (outcome !== undefined) {
    const number = versionNumber(outcome.versionArn);
    lines.push(`Version ${number}, the ${outcome.side}, will be released alone, ${outcome.because}.`);
  } else {
    lines.push("The endpoint has no test and stays as it is.");
  }
  return lines.join("\n");
}

const verdicts: Readonly<Record<ExperimentDecision["Verdict"], string>> = {
  promote: "the challenger is better and gets all traffic",
  rollBack: "the challenger was stopped, and the champion gets all traffic",
  stop: "a challenger was stopped; the others continue",
  hold: "nothing is certain yet",
};

/** Describes the last check of a test. */
export function decisionText(
  environment: string,
  experiment: string,
  runs: boolean,
  decision: ExperimentDecision | undefined,
): string {
  const title = `A/B test ${experiment} ${runs ? "is running" : "has no schedule"}`;
  if (decision === undefined)
    return `${title}. The controller has not checked it yet; it does so every 5 minutes.`;
  const { Verdict, Reasons, DecidedAt, Variants, WaitingObjects, Final, Applied } = decision;
  return [
    title,
    `  verdict  ${verdicts[Verdict]} (${DecidedAt})`,
    ...Reasons.map((reason) => `  why      ${reason}`),
    ...Object.entries(Variants).map(([name, variant]) => `  ${variantText(name, variant)}`),
    ...(WaitingObjects > 0 ? [`  ${WaitingObjects} reward objects wait for the next check`] : []),
    `  next     ${nextStep(environment, runs, Final, Applied)}`,
  ].join("\n");
}

function nextStep(environment: string, runs: boolean, final: boolean, applied: boolean): string {
  if (final && runs && !applied) return "the controller moves the traffic, and checks again in 5 minutes";
  if (final) return `release the winner alone: npm run experiment -- ${environment} stop`;
  return runs ? "the controller checks again in 5 minutes" : "nothing; the test is no longer checked";
}

function variantText(name: string, variant: VariantDecision): string {
  const { Invocations, Errors, LatenciesMilliseconds, Rewards, MeanReward, Difference, Stopped } = variant;
  const latency = LatenciesMilliseconds.at(-1);
  return [
    `${name}: ${count(Invocations)} requests, ${count(Errors)} errors`,
    latency === undefined ? "no latency yet" : `${latency} ms`,
    `${count(Rewards)} rewards${MeanReward === null ? "" : ` of ${shortNumber(MeanReward)} on average`}`,
    ...(Difference === null
      ? []
      : [
          `${signedNumber(Difference.Estimate)} compared with the champion, between ${signedNumber(Difference.Low)} and ${signedNumber(Difference.High)}`,
        ]),
    ...(Stopped === null ? [] : ["stopped"]),
  ].join(", ");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function percent(value: number): string {
  return `${shortNumber(value * 100)} %`;
}

function duration(hours: number): string {
  if (hours < 2) return `about ${Math.max(1, Math.round(hours * 60))} minutes`;
  return hours < 48 ? `about ${Math.round(hours)} hours` : `about ${Math.round(hours / 24)} days`;
}
