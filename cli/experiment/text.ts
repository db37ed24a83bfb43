/** What a person reads of an A/B test. */

import type { ExperimentDecision, VariantDecision } from "../../workflow/experiments";
import { versionNumber } from "../registry/versions";
import type { ExperimentPlan } from "./candidate";
import { expectedRewards } from "./plan";
import type { StopPlan } from "./stop";

/** What is known of an endpoint's traffic and of what another variant costs. */
export interface Expectation {
  /** Requests of the last 24 hours. */
  readonly requestsADay: number;
  /** USD a day; missing where no price is known. */
  readonly costPerDay?: number;
}

/** What a start will make, and what to expect of it. */
export function planText(plan: ExperimentPlan, { requestsADay, costPerDay }: Expectation): string {
  const { event, numbers, variants, championVersion, challengerVersion } = plan;
  const rewards = Math.ceil(expectedRewards(numbers));
  const when =
    requestsADay > 0
      ? `${duration((rewards / requestsADay) * 24)}, if each of the ${count(requestsADay)} requests of the last day had one`
      : "nobody can say when: there was no request in the last day";
  const versions = [championVersion, challengerVersion];
  const rows = variants.map(
    ({ VariantName, InitialVariantWeight = 0, InitialInstanceCount, InstanceType }, index) =>
      `version ${versions[index]?.version} as variant ${VariantName}, ${percent(InitialVariantWeight)} of the traffic, ${InitialInstanceCount} × ${InstanceType}`,
  );
  return [
    `A/B test ${event.Experiment} on endpoint ${event.EndpointName}`,
    `  champion    ${rows[0]}`,
    `  challenger  ${rows[1]}`,
    `  decides     after about ${count(rewards)} rewards of both together; ${when}`,
    `  stops       when more than ${percent(numbers.maxErrorRate)} of the challenger's answers fail, or its mean latency is above ${numbers.maxLatency} ms`,
    `  rewards     s3://${event.S3Bucket}/${event.RewardPrefix}<variant>/<any name>.jsonl`,
    `  costs       ${costPerDay === undefined ? "the challenger's instances; their price is not known here" : `≈ $${costPerDay.toFixed(2)} a day for the challenger`}`,
  ].join("\n");
}

/** How a test will be ended. */
export function stopText({ schedules, outcome }: StopPlan): string {
  const lines = schedules.map((name) => `The schedule of ${name} is removed.`);
  if (outcome !== undefined) {
    const number = versionNumber(outcome.versionArn);
    lines.push(`Version ${number}, the ${outcome.side}, is released alone, ${outcome.because}.`);
  } else {
    lines.push("The endpoint serves no test any more, and is left as it is.");
  }
  return lines.join("\n");
}

const verdicts: Readonly<Record<ExperimentDecision["Verdict"], string>> = {
  promote: "the challenger is better, and gets all traffic",
  rollBack: "the challenger is out, and the champion gets all traffic",
  stop: "a challenger was stopped, the others go on",
  hold: "nothing is certain yet",
};

/** The last look at a test. */
export function decisionText(
  environment: string,
  experiment: string,
  runs: boolean,
  decision: ExperimentDecision | undefined,
): string {
  const title = `A/B test ${experiment} ${runs ? "runs" : "has no schedule any more"}`;
  if (decision === undefined)
    return `${title}. The controller has not looked yet; it does so every 5 minutes.`;
  const { Verdict, Reasons, DecidedAt, Variants, WaitingObjects, Final, Applied } = decision;
  return [
    title,
    `  verdict  ${verdicts[Verdict]} (${DecidedAt})`,
    ...Reasons.map((reason) => `  why      ${reason}`),
    ...Object.entries(Variants).map(([name, variant]) => `  ${variantText(name, variant)}`),
    ...(WaitingObjects > 0 ? [`  ${WaitingObjects} objects of rewards wait for the next look`] : []),
    `  next     ${nextStep(environment, runs, Final, Applied)}`,
  ].join("\n");
}

function nextStep(environment: string, runs: boolean, final: boolean, applied: boolean): string {
  if (final && runs && !applied) return "the controller moves the traffic, and looks again in 5 minutes";
  if (final) return `the winner alone: npm run experiment -- ${environment} stop`;
  return runs ? "the controller looks again in 5 minutes" : "nothing; nobody looks at it any more";
}

function variantText(name: string, variant: VariantDecision): string {
  const { Invocations, Errors, LatenciesMilliseconds, Rewards, MeanReward, Difference, Stopped } = variant;
  const latency = LatenciesMilliseconds.at(-1);
  return [
    `${name}: ${count(Invocations)} requests, ${count(Errors)} errors`,
    latency === undefined ? "no latency yet" : `${latency} ms`,
    `${count(Rewards)} rewards${MeanReward === null ? "" : ` of ${significant(MeanReward)} on average`}`,
    ...(Difference === null
      ? []
      : [
          `${signed(Difference.Estimate)} to the champion, between ${signed(Difference.Low)} and ${signed(Difference.High)}`,
        ]),
    ...(Stopped === null ? [] : ["stopped"]),
  ].join(", ");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function percent(value: number): string {
  return `${significant(value * 100)} %`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${significant(value)}`;
}

function duration(hours: number): string {
  if (hours < 2) return `about ${Math.max(1, Math.round(hours * 60))} minutes`;
  return hours < 48 ? `about ${Math.round(hours)} hours` : `about ${Math.round(hours / 24)} days`;
}
