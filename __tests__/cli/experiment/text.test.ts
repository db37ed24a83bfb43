import type { ExperimentPlan } from "../../../cli/experiment/candidate";
import { experimentEvent, experimentVariants } from "../../../cli/experiment/plan";
import { decisionText, planText } from "../../../cli/experiment/text";
import type { ExperimentDecision } from "../../../workflow/experiments";

const numbers = {
  weight: 0.1,
  rewardRange: [0, 1],
  effect: 0.05,
  maxErrorRate: 0.02,
  maxLatency: 200,
  alpha: 0.05,
} as const;
const champion = { VariantName: "primary", ModelName: "m6", InstanceType: "ml.m5.large" } as const;
const version = (number: number) =>
  ({ version: number, arn: `group/${number}` }) as ExperimentPlan["championVersion"];
const plan = {
  championVersion: version(6),
  challengerVersion: version(7),
  variants: experimentVariants(champion, 2, "m7", 0.1),
  event: experimentEvent("v7-against-v6", "housing-dev", "bucket", "primary", numbers),
  numbers,
} as ExperimentPlan;

it("describes before a start what runs where, until when, and what it costs", () => {
  expect(planText(plan, { requestsADay: 2000, costPerDay: 5.52 }).split("\n")).toEqual([
    "A/B test v7-against-v6 on endpoint housing-dev",
    "  champion    version 6 as variant primary, 90 % of the traffic, 2 × ml.m5.large",
    "  challenger  version 7 as variant challenger, 10 % of the traffic, 2 × ml.m5.large",
    "  decides     after about 13,334 rewards of both variants together; about 7 days, if each of the 2,000 requests of the last day had one",
    "  stops       if more than 2 % of the challenger's requests fail, or its mean latency is above 200 ms",
    "  rewards     s3://bucket/rewards/housing-dev/v7-against-v6/<variant>/<any name>.jsonl",
    "  costs       ≈ $5.52 a day for the challenger",
  ]);
});

it("invents neither a time without traffic nor an unknown price", () => {
  const text = planText(plan, { requestsADay: 0 });
  expect(text).toContain("the time is unknown, because there were no requests in the last day");
  expect(text).toContain("whose price is unknown");
});

const none = { Invocations: 0, Errors: 0, LatenciesMilliseconds: [], Rewards: 0, Stopped: null };
const held: ExperimentDecision = {
  Experiment: "v7-against-v6",
  EndpointName: "housing-dev",
  Verdict: "hold",
  Winner: null,
  Reasons: ["no difference is certain yet"],
  Final: false,
  Applied: true,
  DecidedAt: "2026-01-02T03:04:05+00:00",
  Champion: "primary",
  Variants: {
    primary: {
      ...none,
      Invocations: 1800,
      LatenciesMilliseconds: [21, 19.5],
      MeanReward: null,
      Difference: null,
    },
    challenger: {
      ...none,
      Invocations: 200,
      Errors: 1,
      Rewards: 150,
      MeanReward: 0.51234,
      Difference: { Estimate: 0.0123, Low: -0.2, High: 0.22 },
    },
  },
  WaitingObjects: 3,
};

it("describes a check", () => {
  expect(decisionText("dev", "v7-against-v6", true, held).split("\n")).toEqual([
    "A/B test v7-against-v6 is running",
    "  verdict  nothing is certain yet (2026-01-02T03:04:05+00:00)",
    "  why      no difference is certain yet",
    "  primary: 1,800 requests, 0 errors, 19.5 ms, 0 rewards",
    "  challenger: 200 requests, 1 errors, no latency yet, 150 rewards of 0.5123 on average, +0.0123 compared with the champion, between -0.2 and +0.22",
    "  3 reward objects wait for the next check",
    "  next     the controller checks again in 5 minutes",
  ]);
});

it.each([
  [true, false, "the controller moves the traffic"],
  [true, true, "npm run experiment -- dev stop"],
  [false, true, "npm run experiment -- dev stop"],
])("names the next step after the last decision", (runs, Applied, next) => {
  const decision = { ...held, Verdict: "promote", Final: true, Applied } as const;
  expect(decisionText("dev", "v7-against-v6", runs, decision)).toContain(next);
});

it("reports that the controller has not checked yet", () => {
  expect(decisionText("dev", "v7-against-v6", true, undefined)).toContain("has not checked it yet");
});
