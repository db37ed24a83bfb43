import {
  expectedRewards,
  experimentConfigName,
  experimentEvent,
  experimentVariants,
} from "../../../cli/experiment/plan";
import { maxNameLength } from "../../../workflow/names";

const champion = {
  VariantName: "primary",
  ModelName: "housing-dev-model-v6-01234567",
  InstanceType: "ml.m5.large",
  InitialInstanceCount: 1,
  InitialVariantWeight: 1,
} as const;
const numbers = {
  weight: 0.1,
  rewardRange: [0, 1],
  effect: 0.05,
  maxErrorRate: 0.02,
  maxLatency: 200,
  alpha: 0.05,
} as const;

describe("the variants", () => {
  it("are the champion as it serves, and the challenger on the same instances", () => {
    expect(experimentVariants(champion, 3, "other", 0.1)).toEqual([
      { ...champion, InitialInstanceCount: 3, InitialVariantWeight: 0.9 },
      {
        VariantName: "challenger",
        ModelName: "other",
        InstanceType: "ml.m5.large",
        InitialInstanceCount: 3,
        InitialVariantWeight: 0.1,
      },
    ]);
  });

  it.each([0.1, 0.3, 1 / 3, 0.07])("share the traffic out without a rest at %p", (weight) => {
    const [one, other] = experimentVariants(champion, 1, "other", weight);
    expect((one.InitialVariantWeight ?? 0) + (other.InitialVariantWeight ?? 0)).toBeCloseTo(1, 9);
  });
});

describe("the endpoint configuration's name", () => {
  const variants = experimentVariants(champion, 1, "other", 0.1);
  const name = experimentConfigName("housing-dev", "first", variants);

  it("is legal in the longest scope, and inside the permissions' prefix", () => {
    expect(name).toMatch(/^housing-dev-config-test-[0-9a-f]{12}$/);
    const longest = `${"a".repeat(16)}-${"b".repeat(10)}`;
    expect(experimentConfigName(longest, "first", variants).length).toBeLessThanOrEqual(maxNameLength);
  });

  it("is the same when it is asked again, and another for another test or other variants", () => {
    expect(experimentConfigName("housing-dev", "first", variants)).toBe(name);
    expect(experimentConfigName("housing-dev", "second", variants)).not.toBe(name);
    const others = experimentVariants(champion, 1, "other", 0.2);
    expect(experimentConfigName("housing-dev", "first", others)).not.toBe(name);
  });
});

it("tells the controller of rewards in a folder of the test's own", () => {
  expect(experimentEvent("first", "housing-dev", "bucket", "primary", numbers)).toEqual({
    Experiment: "first",
    EndpointName: "housing-dev",
    S3Bucket: "bucket",
    Champion: "primary",
    Challengers: ["challenger"],
    RewardRange: [0, 1],
    Effect: 0.05,
    MaxErrorRate: 0.02,
    MaxLatencyMilliseconds: 200,
    Alpha: 0.05,
    RewardPrefix: "rewards/housing-dev/first/",
  });
});

it("expects twice 2,400 rewards for 0.05 in a range of 1, and about thrice that at 10 %", () => {
  expect(expectedRewards({ ...numbers, weight: 0.5 })).toBeCloseTo(4800, 6);
  expect(expectedRewards(numbers) / 4800).toBeCloseTo(2.78, 2);
  expect(expectedRewards({ ...numbers, weight: 0.5, rewardRange: [-1, 1] })).toBeCloseTo(4 * 4800, 6);
});
