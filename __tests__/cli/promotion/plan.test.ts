import { checkGate, checkPair, chooseVersion } from "../../../cli/promotion/plan";
import type { ModelVersion } from "../../../cli/registry/model-versions";
import { gateSettings } from "../../../workflow/gate";

const version = (number: number, more: Partial<ModelVersion> = {}): ModelVersion => ({
  arn: `arn:aws:sagemaker:us-east-1:111122223333:model-package/housing-dev/${number}`,
  version: number,
  approval: "Approved",
  inService: false,
  metrics: { test_r2: 0.8, test_rmse: 0.5 },
  content: { InferenceSpecification: undefined },
  properties: { metric: "test_r2", value: "0.8", execution: "run" },
  ...more,
});

const gate = gateSettings({ metric: "test_r2", threshold: 0.75 });

describe("checkPair", () => {
  const dev = { name: "dev", prefix: "housing", isEmulator: false };

  it("takes two environments of one workflow", () => {
    expect(() => checkPair(dev, { ...dev, name: "prod" })).not.toThrow();
  });

  it.each([
    [{}, "The environments must be different, got dev twice"],
    [{ name: "prod", prefix: "wine" }, "dev and prod must have the same workflow, got housing and wine"],
    [
      { name: "local", isEmulator: true },
      "Both environments must be on AWS, got the emulator (local) and dev",
    ],
  ])("fails for %j", (changes, message) => {
    expect(() => checkPair(dev, { ...dev, ...changes })).toThrow(message);
  });
});

describe("chooseVersion", () => {
  it("returns the requested version, and otherwise the one in service", () => {
    const versions = [version(3), version(2, { inService: true }), version(1)];
    expect(chooseVersion("dev", versions, 1, gate).version).toBe(1);
    expect(chooseVersion("dev", versions, undefined, gate).version).toBe(2);
  });

  it("fails if none is in service, and lists the versions", () => {
    expect(() => chooseVersion("dev", [version(3)], undefined, gate)).toThrow(
      /^No version is in service in dev: .*\n.*\n {5}3 {2}Approved/,
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
    [{ metric: "test_r2", threshold: 0.85 }, "test_r2 must be greater than 0.85, got 0.8"],
    [{ metric: "test_r2", threshold: 0.8 }, "must be greater than 0.8"],
    [
      { metric: "test_rmse", threshold: 0.4, better: "smaller" },
      "test_rmse must be smaller than 0.4, got 0.5",
    ],
    [{ metric: "accuracy", threshold: 0 }, "accuracy must be greater than 0, got no such metric"],
  ] as const)("fails for %j", (gate, message) => {
    expect(() => checkGate(version(1), "prod", gateSettings(gate))).toThrow(message);
  });
});
