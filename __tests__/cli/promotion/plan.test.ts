import { checkGate, checkPair, chooseVersion } from "../../../cli/promotion/plan";
import type { ModelVersion } from "../../../cli/registry/versions";
import { gateSettings } from "../../../workflow/gate";

const version = (number: number, more: Partial<ModelVersion> = {}): ModelVersion => ({
  arn: `arn:aws:sagemaker:us-east-1:111122223333:model-package/housing-dev/${number}`,
  version: number,
  approval: "Approved",
  serves: false,
  metrics: { test_r2: 0.8, test_rmse: 0.5 },
  content: { InferenceSpecification: undefined },
  properties: { metric: "test_r2", value: "0.8", execution: "run" },
  ...more,
});

describe("checkPair", () => {
  const dev = { name: "dev", prefix: "housing", isEmulator: false };

  it("takes two environments of one workflow", () => {
    expect(() => checkPair(dev, { ...dev, name: "prod" })).not.toThrow();
  });

  it.each([
    [{}, "dev is both environments"],
    [{ name: "prod", prefix: "wine" }, "dev and prod have different workflows, housing and wine"],
    [{ name: "local", isEmulator: true }, "local is the emulator and dev is not"],
  ])("fails for %j", (changes, message) => {
    expect(() => checkPair(dev, { ...dev, ...changes })).toThrow(message);
  });
});

describe("chooseVersion", () => {
  it("takes the one that is named, and otherwise the one that serves", () => {
    const versions = [version(3), version(2, { serves: true }), version(1)];
    expect(chooseVersion("dev", versions, 1).version).toBe(1);
    expect(chooseVersion("dev", versions, undefined).version).toBe(2);
  });

  it("fails where none serves, and says which there are", () => {
    expect(() => chooseVersion("dev", [version(3)], undefined)).toThrow(
      /^No version serves in dev; .*\n.*\n {5}3 {2}Approved/,
    );
  });
});

describe("checkGate", () => {
  it("lets pass what the other environment's gate lets pass, in either direction", () => {
    const greater = gateSettings({ metric: "test_r2", threshold: 0.75 });
    const smaller = gateSettings({ metric: "test_rmse", threshold: 0.6, better: "smaller" });
    for (const gate of [greater, smaller]) expect(() => checkGate(version(1), "prod", gate)).not.toThrow();
  });

  it.each([
    [{ metric: "test_r2", threshold: 0.85 }, "test_r2 is 0.8, and must be greater than 0.85"],
    [{ metric: "test_r2", threshold: 0.8 }, "must be greater than 0.8"],
    [
      { metric: "test_rmse", threshold: 0.4, better: "smaller" },
      "test_rmse is 0.5, and must be smaller than 0.4",
    ],
    [{ metric: "accuracy", threshold: 0 }, "accuracy is not among its metrics"],
  ] as const)("fails for %j", (gate, message) => {
    expect(() => checkGate(version(1), "prod", gateSettings(gate))).toThrow(message);
  });
});
